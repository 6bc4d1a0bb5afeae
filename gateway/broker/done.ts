/** How aedes is told that a step is done, or why it could not be. */
export type Done = (error?: Error | null) => void
