import { columns } from './feed.ts'

/** Somebody looks at an alarm after so long. */
const acknowledgeAfterMs = 6_000

/** Acknowledges the first medium or high alarm of each rule, once, some seconds after it was raised: as a person would. */
export function createNurse({ httpUrl, tell, signal }: { httpUrl: string; tell: (text: string) => void; signal: AbortSignal }): (payload: string) => void {
  const done = new Set<string>()
  return (payload) => {
    const { type, data } = JSON.parse(payload) as { type: string; data: { id: string; rule: string; priority: string; class: string; occurrence: number } }
    if (type !== 'limen.alarm.raised' || data.class !== 'process' || data.priority === 'low' || done.has(data.rule)) return
    done.add(data.rule)
    setTimeout(() => {
      fetch(`${httpUrl}/api/v1/alarms/${data.id}/ack`, {
        method: 'POST', signal,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ by: 'demo nurse', occurrence: data.occurrence }),
      }).then(async (response) => {
        if (!response.ok) tell(columns('demo', 'error', `acknowledging ${data.id}: ${response.status} ${await response.text()}`))
      }).catch((error: unknown) => {
        if (!signal.aborted) tell(columns('demo', 'error', `acknowledging ${data.id}: ${String(error)}`))
      })
    }, acknowledgeAfterMs).unref()
  }
}
