/** Waits for all of it; the first failure is told once all have ended, so that nothing goes on behind it. */
export async function sideBySide(...work: readonly Promise<void>[]): Promise<void> {
  for (const one of await Promise.allSettled(work)) if (one.status === 'rejected') throw one.reason
}
