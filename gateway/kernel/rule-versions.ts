/** What is kept of the rules that were. */
export interface RuleVersions {
  /**
   * As it was written under this version (Rule.version); undefined where it is not kept. The same words may have run more than once:
   * `until` (ISO 8601) is when they did.
   */
  find(id: string, version: string, until?: string): Promise<{ readonly revision: number; readonly text: string } | undefined>
}
