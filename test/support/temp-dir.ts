import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A fresh directory, removed when the test has ended. */
export function tempDir(): string {
  const path = mkdtempSync(join(tmpdir(), 'limen-test-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}
