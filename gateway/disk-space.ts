import { statfs } from 'node:fs/promises'
import { asError } from './kernel/errors.ts'
import type { Logger } from './kernel/log.ts'

/** The file system of the data directory. `freeBytes`: for the gateway's user. */
export interface DiskSpace { readonly totalBytes: number; readonly usedBytes: number; readonly freeBytes: number }

/** Null where it cannot be asked; never rejects. */
export async function askDiskSpace(directory: string, logger: Logger): Promise<DiskSpace | null> {
  try {
    const { bsize, blocks, bfree, bavail } = await statfs(directory)
    return { totalBytes: blocks * bsize, usedBytes: (blocks - bfree) * bsize, freeBytes: bavail * bsize }
  } catch (thrown) {
    logger.warn({ err: asError(thrown) }, 'the file system of the data directory could not be asked')
    return null
  }
}
