import { type Api, createApi } from './api.ts'
import { type Bucket, type BucketFigures, createBuckets } from './bucket.ts'
import { type Link, createLink } from './link.ts'

/** What our nodes share: one connection, one allowance. Nodes find it in Node-RED's settings as `limen`. */
export interface Limen {
  readonly link: Link
  readonly api: Api
  bucket(figures: BucketFigures): Bucket
  stop(): Promise<void>
}

export interface LimenOptions {
  readonly mqttUrl: string
  readonly httpUrl: string
  readonly user: string
  readonly token: string
}

export function createLimen(options: LimenOptions, deps: { nowMs: () => number; onProblem: (message: string) => void }): Limen {
  const link = createLink({ url: options.mqttUrl, user: options.user, password: options.token }, deps)
  const api = createApi({ url: options.httpUrl, token: options.token })
  const buckets = createBuckets(deps)
  return {
    link,
    api,
    bucket: (figures) => buckets.of(figures),
    async stop() {
      api.stop()
      await link.stop()
    },
  }
}
