import type { CliDeps } from './deps.ts'

export type Command = (args: readonly string[], deps: CliDeps) => Promise<number>

export interface CommandEntry {
  readonly name: string
  /** What may follow `limen NAME`. */
  readonly form: string
  /** One line for the list of commands. */
  readonly summary: string
  /** What `limen NAME --help` says below the form. */
  readonly help: string
  /** Loads the command's own file, and with it only the libraries it needs; null: not in this version. */
  readonly load: (() => Promise<Command>) | null
  /** Must every secret that the configuration names be there? Others are run from a shell that does not have the service's. */
  readonly needsSecrets?: true
}

const configOption = '  --config FILE   default: limen.yaml in the working directory; without one the defaults apply'

/** Every command of interface.md, in its order. A new one is one entry here and one file in cli/. */
export const commands: readonly CommandEntry[] = [
  {
    name: 'start',
    needsSecrets: true,
    form: '[--config FILE] [--data DIR]',
    summary: 'run the gateway',
    help: `Runs the gateway: MQTT broker, rules, alarms, delivery, HTTP. When everything listens it prints one line
  limen ready mqtt=HOST:PORT http=HOST:PORT
SIGTERM and SIGINT stop it cleanly.

${configOption}
  --data DIR      where everything durable is kept; default: data, beside the configuration`,
    load: async () => (await import('./start.ts')).startCommand,
  },
  {
    name: 'check',
    form: '[--config FILE]',
    summary: 'validate configuration and rules',
    help: `Prints every error with file, line, column and what would be right. Exit code 0: all is well, 1: errors.

${configOption}`,
    load: async () => (await import('./check.ts')).checkCommand,
  },
  {
    name: 'backtest',
    form: '--rules FILE (--input FILE|- | --csv FILE --device ID [--metric M])  |  --config FILE [--rules FILE] [--from T] [--to T]',
    summary: 'run the rules over recorded input',
    help: `Runs the live engine with a virtual clock and prints one line of JSON a transition, at the end a summary.

  --rules FILE    a rule file, or a limen.yaml whose rules and devices are taken
  --input FILE|-  lines of JSON: readings, events, operators, restarts, clock steps (docs/rules/backtest.md)
  --csv FILE --device ID   a CSV: the first column is the time, every other a metric; --metric M names a column "value"
  --config FILE   the log of a gateway, running or stopped. Alone: the rules that ran, edits and restarts included, and
                  the outcome is the gateway's own. With --rules: what those would have done, begun so long before
                  --from that their windows are full there. Beside --input or --csv: its devices, tables and zones count
  --from T, --to T   ISO 8601 or ms since 1970; from inclusive, to exclusive`,
    load: async () => (await import('./backtest.ts')).backtestCommand,
  },
  {
    name: 'match',
    form: '--pattern FILE --event FILE',
    summary: 'does an event pattern match an event?',
    help: 'Prints match (exit 0), no match (1) or invalid: REASON (2).',
    load: null,
  },
  {
    name: 'simulate',
    form: 'SCENARIO [--url mqtt://…] [--devices N] [--rate R] [--for 60s] [--user NAME --password-file FILE] [--csv FILE --device ID --speed X]',
    summary: 'simulated devices: ward, home, coldchain, load, or a CSV',
    help: `SCENARIO is ward, home, coldchain or load.

  --url mqtt://…  the broker; default: mqtt://127.0.0.1:1883
  --devices N     how many devices
  --rate R        readings per second
  --for 60s       how long; default: until Ctrl-C
  --user NAME --password-file FILE   logs in; one who plays many devices is a user: limen user add NAME --role operator
  --csv FILE --device ID [--speed X]   replays a CSV instead`,
    load: async () => (await import('./simulate.ts')).simulateCommand,
  },
  {
    name: 'dead-letters',
    form: 'list | redrive ID… | discard ID… --why TEXT  [--config FILE]',
    summary: 'what could not be delivered: list, send again, discard',
    help: `Works on a running gateway and on the data directory of a stopped one.

  list            one line each: id, target, since when, why
  redrive ID…     sends them again, to the failed target only
  discard ID…     gives them up; --why TEXT says why
${configOption}`,
    load: async () => (await import('./dead-letters.ts')).deadLettersCommand,
  },
  {
    name: 'flows',
    form: 'list | rollback [VERSION]  [--config FILE]',
    summary: 'versions of the Node-RED flows: list, go back to one',
    help: `Works on a running gateway and on the data directory of a stopped one. Every deploy keeps what it replaced,
the newest 20 of them in DATA/flows/versions.

  list                 one line each, the newest first: version, when it was replaced, tabs and nodes in it
  rollback [VERSION]   brings one back, without VERSION the newest; what is there now is kept as a version, so that
                       another rollback takes this one back. Running flows start anew on it, out of safe mode, too.
${configOption}`,
    load: async () => (await import('./flows.ts')).flowsCommand,
  },
  {
    name: 'rules',
    form: 'list | show ID | history ID | diff ID [--from R] [--to R] | put FILE | delete ID | rollback ID --to R  [--config FILE]',
    summary: 'rules of a running gateway: list, compare versions, change, go back',
    help: `Changes what runs, not your rule files: a file that is changed later wins again. Every version is kept.

  list            one line each: id, state, revision, when and by whom it was written
  show ID         its text, as it is written
  history ID      one line for each revision, the newest first; of a removed rule, too
  diff ID         what the newest revision changed; --from R --to R: between two others
  put FILE        writes the rules of a file, one after the other, up to the first that is refused
  delete ID       removes it; its versions stay
  rollback ID --to R   writes what revision R said once more
  --if-revision R   with put of one rule, delete and rollback: only if revision R is the newest
${configOption}`,
    load: async () => (await import('./rules.ts')).rulesCommand,
  },
  {
    name: 'replay',
    form: '--from T --to T [--pattern FILE] --to-routes ID… [--speed X]',
    summary: 'send a stretch of the log to chosen routes again',
    help: 'Sends a time range of the log to chosen routes, in order, at a chosen speed, marked as a replay.',
    load: null,
  },
  {
    name: 'init',
    form: '[DIR]',
    summary: 'write a commented limen.yaml, example rules, a systemd unit',
    help: 'Writes limen.yaml, rules/example.yaml and limen.service into DIR (default: here). Overwrites nothing.',
    load: async () => (await import('./init.ts')).initCommand,
  },
  {
    name: 'audit',
    form: 'verify',
    summary: 'check the chain of the audit log',
    help: 'Checks the chain of the audit log.',
    load: null,
  },
  {
    name: 'export',
    form: '[--config FILE] [--from T] [--to T] [--device D] [--metric M] [--alarms [--rule R]] --format csv|ndjson|lp',
    summary: 'readings or the alarm journal to standard output',
    help: `Writes readings, or with --alarms the alarm journal, to standard output, oldest first.
Works on a running gateway and on the data directory of a stopped one.

  --format F      csv, ndjson or lp (InfluxDB line protocol)
  --from T, --to T   ISO 8601 or ms since 1970; from inclusive, to exclusive
  --device D, --metric M   only these
  --alarms        the alarm journal instead of readings: every step of every alarm, with who and why
  --rule R        with --alarms: only those of these rules: names, or their beginnings with *, commas between
${configOption}`,
    load: async () => (await import('./export.ts')).exportCommand,
  },
  { name: 'backup', form: 'DIR', summary: 'online backup', help: 'Copies the data of a running or stopped gateway to DIR.', load: null },
  { name: 'restore', form: 'DIR', summary: 'bring a backup back', help: 'Brings a backup back into an empty data directory.', load: null },
  {
    name: 'device',
    form: 'add ID [--user U] | list | revoke ID  [--config FILE]',
    summary: 'MQTT credentials of devices',
    help: `  add ID          makes a credential and shows its secret once; --user U: another MQTT user name than ID
  list            who has one
  revoke ID       takes it away; live sessions are cut
${configOption}`,
    load: async () => (await import('./credentials.ts')).deviceCommand,
  },
  {
    name: 'user',
    form: 'add NAME --role admin|operator|viewer | list | revoke NAME  [--config FILE]',
    summary: 'people who may log in over HTTP',
    help: `  add NAME        makes a login and shows its password once; --role admin, operator or viewer
  list            who has one
  revoke NAME     takes it away; live sessions are cut
${configOption}`,
    load: async () => (await import('./credentials.ts')).userCommand,
  },
]
