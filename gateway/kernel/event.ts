/** A CloudEvents 1.0 event in its JSON form (https://github.com/cloudevents/spec). */
export interface CloudEvent {
  readonly specversion: '1.0'
  readonly id: string
  /** `limen.alarm.raised`, `limen.device.online`, `limen.command.done`, `limen.gateway.started`, `limen.reading.rejected`, or an application's own. */
  readonly type: string
  /** The site's name for events of the gateway. */
  readonly source: string
  /** The alarm's key, the device, or whatever the event is about. */
  readonly subject?: string
  /** RFC 3339, UTC. */
  readonly time: string
  readonly datacontenttype?: string
  readonly data?: unknown
  readonly [extension: string]: unknown
}

/** An event is committed after it happened; by so much (ms) the clock may have been nudged back in between. */
export const nudgeMs = 1_000

/** What a room says happened; the pipeline adds id, source and time and appends it. */
export interface NewEvent {
  readonly type: string
  readonly subject?: string
  readonly data?: unknown
}
