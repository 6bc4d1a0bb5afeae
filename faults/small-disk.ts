import { execFileSync } from 'node:child_process'
import { appendFile, mkdtemp, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A file system of its own in memory, so that it can be full, or read-only, without harm to others. */
export interface SmallDisk {
  readonly path: string
  /** Takes all space but so much. */
  fill(leftBytes: number): Promise<void>
  /** Gives back what `fill` took. */
  free(): Promise<void>
  setReadOnly(readOnly: boolean): void
  remove(): Promise<void>
}

/** Mounting needs root; null where that is not given. */
export async function mountSmallDisk(sizeMiB: number): Promise<SmallDisk | null> {
  const path = await mkdtemp(join(tmpdir(), 'limen-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'tmpfs', path], { stdio: 'pipe' })
  } catch {
    await rm(path, { recursive: true, force: true })
    return null
  }
  const unmount = (): void => void execFileSync('umount', ['-l', path], { stdio: 'pipe' })
  process.once('exit', unmount)
  const ballast = join(path, 'ballast')
  return {
    path,
    async fill(leftBytes) {
      const { bsize, bavail } = await statfs(path)
      await appendFile(ballast, Buffer.alloc(Math.max(0, bsize * bavail - leftBytes)))
    },
    free: () => rm(ballast, { force: true }),
    setReadOnly: (readOnly) => void execFileSync('mount', ['-o', `remount,${readOnly ? 'ro' : 'rw'}`, path], { stdio: 'pipe' }),
    async remove() {
      process.off('exit', unmount)
      unmount()
      await rm(path, { recursive: true, force: true })
    },
  }
}
