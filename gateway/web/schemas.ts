import { coreStates } from '../kernel/alarm.ts'
import { kpiIds } from '../kernel/kpis.ts'

/** What comes back, for the OpenAPI document: JSON Schema 2020-12. Requests' schemas stand with their routes. */
const text = { type: 'string' } as const
const nullableText = { type: ['string', 'null'] } as const
const time = { type: 'string', format: 'date-time' } as const
const nullableTime = { type: ['string', 'null'], format: 'date-time' } as const
const value = { type: ['number', 'boolean', 'string', 'null'] } as const
const nullableNumber = { type: ['number', 'null'] } as const
const listOfObjects = <const P>(properties: P) => ({ type: 'array', items: { type: 'object', properties } }) as const
const ruleProblem = { type: 'object', properties: { line: { type: 'integer' }, column: { type: 'integer' }, path: text, message: text, remedy: text } } as const
const texts = { type: 'object', additionalProperties: text } as const

export const ref = <const N extends keyof typeof components>(name: N) => ({ $ref: `#/components/schemas/${name}` as const })

export const listOf = (name: keyof typeof components) => ({
  type: 'object',
  required: ['items', 'next'],
  properties: { items: { type: 'array', items: ref(name) }, next: { type: ['string', 'null'], description: 'write it as `after` to go on (where the newest come first: as `before`); null at the end' } },
})

export const components = {
  Problem: {
    type: 'object',
    description: 'RFC 9457',
    required: ['type', 'title', 'status', 'detail', 'instance', 'code'],
    properties: {
      type: text, title: text, status: { type: 'integer' }, detail: text, instance: text, code: text,
      errors: { type: 'array', items: { type: 'object', required: ['member', 'detail'], properties: { member: text, detail: text } } },
      problems: { type: 'array', items: ruleProblem, description: 'of a rule that is wrong; lines and columns are those of `text`' }, text,
    },
  },
  Alarm: {
    type: 'object',
    properties: {
      id: { type: 'string', pattern: '^[A-Za-z0-9._~-]+$' }, key: text, class: { enum: ['process', 'technical'] }, rule: text,
      device: nullableText, metric: nullableText, state: { enum: coreStates }, active: { type: 'boolean' },
      overlays: { type: 'array', items: { enum: ['shelved', 'suppressed', 'out-of-service'] } },
      level: nullableText, priority: { enum: ['high', 'medium', 'low'] }, value, unit: nullableText, limit: value, message: text,
      quality: { enum: ['good', 'unknown'] }, restored: { type: 'boolean' }, labels: texts,
      occurrence: { type: 'integer' }, seq: { type: 'integer' }, raisedAt: nullableTime, changedAt: time,
      acknowledgedAt: nullableTime, acknowledgedBy: nullableText, shelvedUntil: nullableTime, idempotencyKey: text,
      shadow: { type: 'boolean', description: 'true where its rule is in shadow: recorded, told to nobody' },
    },
  },
  Device: {
    type: 'object',
    properties: {
      id: text, type: nullableText, labels: texts, settings: { type: 'object' }, status: { enum: ['online', 'offline', 'unknown'] },
      firstSeen: { type: 'integer', description: 'ms since 1970' }, lastSeen: { type: 'integer', description: 'ms since 1970' },
      metrics: {
        type: 'object',
        additionalProperties: { type: 'object', properties: { value, unit: nullableText, ts: { type: 'integer' }, quality: text } },
      },
    },
  },
  Reading: {
    type: 'object',
    properties: {
      position: { type: 'integer' }, device: text, metric: text, ts: { type: 'integer', description: 'ms since 1970' }, value, unit: nullableText,
      quality: { enum: ['good', 'bad'] }, seq: { type: ['integer', 'null'] }, receivedAt: { type: 'integer', description: 'ms since 1970' }, labels: texts,
    },
  },
  Step: { type: 'object', description: 'one stretch of time', properties: { ts: { type: 'integer', description: 'its begin, ms since 1970' }, value: { type: ['number', 'null'] }, min: { type: 'number' }, max: { type: 'number' }, count: { type: 'integer' } } },
  CloudEvent: {
    type: 'object',
    description: 'CloudEvents 1.0; `limenposition` is its place in the log',
    required: ['specversion', 'id', 'type', 'source'],
    properties: { specversion: { const: '1.0' }, id: text, type: text, source: text, subject: text, time, datacontenttype: text, data: {}, limenposition: { type: 'integer' } },
  },
  Command: {
    type: 'object',
    properties: {
      id: text, seq: { type: 'integer' }, device: text, actuator: text, value, issuedAt: time, ttlMs: { type: 'integer' }, cause: text,
      status: { enum: ['issued', 'sent', 'accepted', 'executing', 'done', 'rejected', 'expired', 'failed', 'superseded'] },
      reason: nullableText, tries: { type: 'integer' }, changedAt: time,
    },
  },
  Rule: {
    type: 'object',
    description: 'a rule with every default filled in, and how it came to be what it is',
    properties: {
      id: text, class: { enum: ['process', 'technical'] }, on: { type: 'object' }, when: { type: 'object' }, mode: { enum: ['live', 'shadow', 'off'] }, source: { type: 'object' },
      version: { ...text, description: 'another for any edit that says something else' }, text: { ...text, description: 'as it is written, YAML' },
      state: { enum: ['live', 'shadow', 'off', 'faulty'] }, fault: { ...nullableText, description: 'why it is not evaluated any more' },
      origin: { enum: ['file', 'http'] }, revision: { type: 'integer', description: 'rises by one with each edit, from 1' }, changedBy: text, changedAt: time,
    },
  },
  RuleVersion: {
    type: 'object',
    description: 'one thing that was said about a rule',
    properties: {
      revision: { type: 'integer' }, version: nullableText, action: { enum: ['put', 'delete', 'rollback', 'file'] }, by: { ...text, description: 'a user, or file:rules/a.yaml' },
      at: time, origin: { enum: ['file', 'http'] }, text: { ...nullableText, description: 'null where it was removed' },
    },
  },
  RuleDiff: { type: 'object', properties: { from: { type: 'integer' }, to: { type: 'integer' }, diff: { ...text, description: 'unified; empty where both say the same' } } },
  RuleCheck: {
    type: 'object',
    properties: {
      ok: { type: 'boolean' }, problems: { type: 'array', items: ruleProblem }, rule: { type: ['object', 'null'], description: 'with every default filled in' },
      text: { ...text, description: 'what would be kept; lines and columns of the problems are of this text' },
    },
  },
  Trial: {
    type: 'object',
    description: 'what rules would have done',
    properties: {
      from: time, to: time, firstReadingAt: { ...nullableTime, description: 'of the earliest reading that was looked at, not before from' },
      items: {
        type: 'array', description: 'the first 10,000 steps',
        items: {
          type: 'object',
          properties: {
            wallMs: { type: 'number', description: 'ms since 1970' }, at: { type: 'number', description: 'monotonic ms of the gateway' }, rule: text, key: text, device: nullableText, from: text, to: text, event: text, level: nullableText,
            value, overlays: { type: 'array', items: text }, quality: text, occurrence: { type: 'integer' }, reason: nullableText,
          },
        },
      },
      summary: {
        type: 'object', description: 'of all steps up to until',
        properties: Object.fromEntries(['readings', 'transitions', 'alarms', 'shorterThan30s', 'late', 'duplicates', 'rejected'].map((name) => [name, { type: 'integer' }])),
      },
      truncated: { type: 'boolean', description: 'there are more steps than these, or time was up' }, until: { ...time, description: 'how far it got' },
      faulty: { ...texts, description: 'rules that threw, with the reason' },
    },
  },
  DeadLetter: {
    type: 'object',
    properties: {
      id: text, target: text, event: { $ref: '#/components/schemas/CloudEvent' }, idempotencyKey: text, cause: text, createdAt: time, failedAt: time,
      attempts: { type: 'array', items: { type: 'object', properties: { at: time, answer: text } } },
    },
  },
  WaitingDelivery: {
    type: 'object',
    properties: {
      target: text, event: { ...nullableText, description: 'type of the CloudEvent' }, attempts: { type: 'integer', description: 'failed ones so far' },
      createdAt: time, nextTryAt: time, expiresAt: { ...time, description: 'when it goes to the dead letters' },
    },
  },
  Ledger: {
    type: 'object',
    properties: {
      targets: {
        type: 'object',
        additionalProperties: {
          type: 'object',
          properties: {
            received: { type: 'integer' }, delivered: { type: 'integer' }, queued: { type: 'integer' }, deadLettered: { type: 'integer' },
            dropped: { type: 'object', additionalProperties: { type: 'integer' } },
          },
        },
      },
    },
  },
  Evidence: {
    type: 'object',
    description: 'one occurrence of an alarm; lists are oldest first',
    properties: {
      alarm: { $ref: '#/components/schemas/Alarm' }, occurrence: { type: 'integer' }, raisedAt: nullableTime, endedAt: { ...nullableTime, description: 'when its condition ended' },
      rule: {
        type: 'object', description: 'as it was when the alarm was raised',
        properties: { id: text, version: nullableText, revision: { type: ['integer', 'null'] }, text: { ...nullableText, description: 'null where that version is not kept' }, assumed: { type: 'boolean', description: 'the journal does not say the version: it is the one that runs' } },
      },
      readings: listOfObjects({ device: text, metric: text, unit: nullableText, from: time, to: time, items: listOfObjects({ ts: { type: 'integer', description: 'ms since 1970' }, value, quality: { enum: ['good', 'bad'] }, receivedAt: { type: 'integer', description: 'ms since 1970' } }) }),
      transitions: { type: 'array', items: { $ref: '#/components/schemas/CloudEvent' } },
      deliveries: { type: 'array', items: { $ref: '#/components/schemas/CloudEvent' } },
      waiting: { type: 'array', items: { $ref: '#/components/schemas/WaitingDelivery' } },
      commands: { type: 'array', items: { $ref: '#/components/schemas/CloudEvent' } },
      acknowledgements: listOfObjects({ at: time, by: nullableText, note: nullableText, occurrence: { type: 'integer' } }),
      comments: listOfObjects({ at: time, by: nullableText, note: nullableText }),
      truncated: { type: 'object', description: 'was something left out?', properties: { journal: { type: 'boolean' }, readings: { type: 'boolean' } } },
    },
  },
  Kpis: {
    type: 'object',
    description: 'key figures of a period; shares in %, durations in s; lists hold their greatest 100',
    properties: {
      from: time, to: time, operators: { type: 'integer' }, annunciated: { type: 'integer', description: 'alarms announced' },
      covered: { type: 'object', description: 'the part of the period that the journal covers: what averages are over', properties: { from: time, to: time } },
      figures: {
        type: 'array',
        items: {
          type: 'object',
          properties: { id: { enum: kpiIds }, name: text, value: nullableNumber, unit: { enum: ['1/d', '1/h', '1/10min', '%', 's', ''] }, target: nullableNumber, limit: nullableNumber, rating: { enum: ['good', 'fair', 'poor', 'none'] } },
        },
      },
      floods: listOfObjects({ from: time, to: time, alarms: { type: 'integer' } }),
      frequent: listOfObjects({ rule: text, key: text, count: { type: 'integer' }, share: { type: 'number' } }),
      chattering: listOfObjects({ rule: text, key: text, peakPerMinute: { type: 'integer' } }),
      stale: listOfObjects({ id: text, rule: text, key: text, raisedAt: time }),
      priorities: { type: 'object', properties: { low: { type: 'integer' }, medium: { type: 'integer' }, high: { type: 'integer' } } },
      perHour: listOfObjects({ start: time, count: { type: 'integer' } }),
    },
  },
  Gateway: {
    type: 'object',
    properties: {
      site: text, version: text, node: { ...text, description: 'version of Node.js' }, now: time, started: time,
      log: { type: 'object', properties: { first: { type: 'integer' }, last: { type: 'integer' } } },
      disk: {
        type: ['object', 'null'], description: 'the file system of the data directory',
        properties: { totalBytes: { type: 'integer' }, usedBytes: { type: 'integer' }, freeBytes: { type: 'integer' } },
      },
      database: { type: 'object', properties: { sizeBytes: { type: 'integer' } } },
      retention: { type: 'object', properties: { readingsMs: { type: 'integer' }, maxSizeBytes: { type: 'integer' } } },
      health: {
        type: 'object',
        properties: {
          ready: { type: 'boolean' },
          checks: { type: 'object', additionalProperties: { type: 'object', properties: { ok: { type: 'boolean' }, vital: { type: 'boolean' }, detail: text } } },
        },
      },
    },
  },
  Flows: {
    type: 'object',
    description: 'how the Node-RED process does',
    properties: {
      state: { enum: ['off', 'starting', 'running', 'safe-mode', 'waiting', 'stopped'] }, since: nullableTime, restarts: { type: 'integer', description: 'since the gateway started' },
      lastError: { type: ['object', 'null'], properties: { at: time, message: text } },
      memoryBytes: { type: ['integer', 'null'] }, maxMemoryBytes: { type: ['integer', 'null'], description: 'above it the process is ended' },
      editor: { type: ['string', 'null'], description: 'path of the editor on this port; null where flows are off' },
    },
  },
  FlowsVersion: {
    type: 'object',
    description: 'what a deploy replaced',
    properties: { id: text, replacedAt: time, tabs: { type: 'integer' }, nodes: { type: 'integer' } },
  },
  Session: {
    type: 'object',
    properties: { name: text, role: { enum: ['viewer', 'operator', 'admin'] }, via: { enum: ['loopback', 'token', 'cookie'] }, csrfToken: nullableText, endsAt: nullableTime },
  },
} as const
