/** What we use of qlobber, which ships no types of its own. */
declare module 'qlobber' {
  export interface QlobberOptions {
    readonly separator?: string
    readonly wildcard_one?: string
    readonly wildcard_some?: string
    /** May `+` match an empty level? MQTT says yes [MQTT-4.7.1-3]. */
    readonly match_empty_levels?: boolean
    /** Most levels of a topic; more throw synchronously. */
    readonly max_words?: number
    readonly cache_adds?: boolean
  }

  export class Qlobber<V> {
    constructor(options?: QlobberOptions)
    add(filter: string, value: V): this
    remove(filter: string, value?: V): this
    match(topic: string): V[]
    clear(): this
  }
}
