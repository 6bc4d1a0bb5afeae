import { Qlobber } from 'qlobber'
import { hash53 } from '../kernel/hash.ts'
import { classOf } from './access.ts'
import type { TopicClass } from './access.ts'
import type { Session, Subscription } from './session.ts'
import { isTopic } from './topic-check.ts'

/** One session that wants a topic, whatever number of its subscriptions match: it gets one copy, at the highest QoS granted. */
export interface Target {
  readonly session: Session
  readonly qos: 0 | 1 | 2
  /** Does a filter other than `#` match? */
  readonly specific: boolean
}

/** All that is known of a topic; the same object as long as it is cached. */
export interface TopicEntry {
  readonly topic: string
  readonly kind: TopicClass
  /** The topic's part in the hash that tells a resend (inbound-memory.ts), worked out once. */
  readonly seed: number
  readonly bytes: Uint8Array
  /** Of the subscriptions `targets` were worked out from. */
  generation: number
  targets: readonly Target[]
}

/** Topics resolved once and then looked up, and who subscribes to them. */
export interface Topics {
  /** Undefined: not a topic one may publish to. `targets` is up to date until the next subscription. */
  resolve(topic: string): TopicEntry | undefined
  add(subscription: Subscription): void
  remove(subscription: Subscription): void
  /** Subscriptions that match, one by one. */
  match(topic: string): readonly Subscription[]
  clear(): void
}

const cachedTopics = 20_000
/** Longer topics are worked out each time: 20,000 of 64 KiB would be 1.3 GB. */
const longestCached = 512

export function createTopics(options: { maxTopicLevels: number }): Topics {
  const trie = new Qlobber<Subscription>({
    separator: '/', wildcard_one: '+', wildcard_some: '#', match_empty_levels: true, max_words: options.maxTopicLevels,
  })
  const entries = new Map<string, TopicEntry>()
  let generation = 0

  function match(topic: string): Subscription[] {
    const found = trie.match(topic)
    if (topic.charCodeAt(0) !== 36) return found
    // [MQTT-4.7.2-1] a leading wildcard does not match `$…`
    return found.filter(({ filter }) => !filter.startsWith('#') && !filter.startsWith('+'))
  }

  function targetsOf(topic: string): Target[] {
    const bySession = new Map<Session, Target>()
    for (const { session, qos, filter } of match(topic)) {
      const known = bySession.get(session)
      bySession.set(session, {
        session,
        qos: known !== undefined && known.qos > qos ? known.qos : qos,
        specific: filter !== '#' || known?.specific === true,
      })
    }
    return [...bySession.values()]
  }

  function learn(topic: string): TopicEntry | undefined {
    if (!isTopic(topic, options.maxTopicLevels)) return undefined
    // A flat copy: the parsed string may be a slice of a larger one.
    const bytes = Buffer.from(topic)
    const entry: TopicEntry = { topic, kind: classOf(topic), seed: hash53(topic) | 0, bytes, generation, targets: targetsOf(topic) }
    if (topic.length > longestCached) return entry
    if (entries.size >= cachedTopics) entries.delete(entries.keys().next().value!)
    entries.set(topic, entry)
    return entry
  }

  return {
    resolve(topic) {
      const entry = entries.get(topic)
      if (entry === undefined) return learn(topic)
      if (entry.generation !== generation) {
        entry.targets = targetsOf(topic)
        entry.generation = generation
      }
      return entry
    },
    add(subscription) {
      trie.add(subscription.filter, subscription)
      generation++
    },
    remove(subscription) {
      trie.remove(subscription.filter, subscription)
      generation++
    },
    match,
    clear() {
      trie.clear()
      entries.clear()
      generation++
    },
  }
}
