/** What is kept of the rules that were. */
export interface RuleVersions {
  /** As it was written under this version (Rule.version); undefined where it is not kept. */
  find(id: string, version: string): Promise<{ readonly revision: number; readonly text: string } | undefined>
}
