import type { DeadLetter } from '../kernel/contracts.ts'
import { openDeadLetters } from './dead-letter-desk.ts'
import type { DeadLetterDesk } from './dead-letter-desk.ts'
import type { CliDeps } from './deps.ts'
import { writeTable } from './table.ts'
import type { Arguments } from './usage.ts'
import { readArguments, usage } from './usage.ts'

const place = { config: { value: 'FILE' }, data: { value: 'DIR' } } as const
const forms = 'limen dead-letters list, limen dead-letters redrive ID… or limen dead-letters discard ID… --why TEXT'

/**
 * `limen dead-letters list | redrive ID… | discard ID… --why TEXT [--config FILE]`: on a running gateway through its HTTP API,
 * on a stopped one in its data directory. Exit code 1 if an id is unknown; the others are done all the same.
 */
export async function deadLettersCommand(args: readonly string[], deps: CliDeps): Promise<number> {
  const [verb, ...rest] = args
  const command = `limen dead-letters ${verb ?? ''}`.trim()
  switch (verb) {
    case 'list': {
      const given = readArguments(rest, { command, options: place })
      return withDesk(given, deps, (desk) => list(desk, deps))
    }
    case 'redrive': {
      const given = readArguments(rest, { command, options: place, positionals: ['ID…'] })
      return withDesk(given, deps, (desk) => each(given.positionals, deps, { done: 'is sent again to its target', act: (id) => desk.redrive(id) }))
    }
    case 'discard': {
      const given = readArguments(rest, { command, options: { ...place, why: { value: 'TEXT' } }, positionals: ['ID…'] })
      const why = given.text('why')
      if (why === undefined) throw usage(`"${command}" needs a reason`, `write ${command} ${given.positionals.join(' ')} --why "why nobody needs it"`)
      return withDesk(given, deps, (desk) => each(given.positionals, deps, { done: 'is discarded', act: (id) => desk.discard(id, why) }))
    }
    default:
      throw usage(verb === undefined ? '"limen dead-letters" needs to know what to do' : `"limen dead-letters" cannot "${verb}"`, `write ${forms}`)
  }
}

async function withDesk(given: Arguments, deps: CliDeps, work: (desk: DeadLetterDesk) => Promise<number>): Promise<number> {
  const data = given.text('data')
  const config = await deps.loadConfig(given.text('config'), data === undefined ? {} : { data })
  const desk = await openDeadLetters(config, deps)
  try {
    return await work(desk)
  } finally {
    await desk.close()
  }
}

/** One line each: id, target, since when, the event, why. The table goes to standard output, words about it to standard error. */
async function list(desk: DeadLetterDesk, deps: CliDeps): Promise<number> {
  const letters = await Array.fromAsync(desk.list())
  if (letters.length === 0) {
    deps.stderr.write('no dead letters wait\n')
    return 0
  }
  writeTable(deps.stdout, [['id', 'target', 'since', 'event', 'tries', 'cause'], ...letters.map(columns)])
  return 0
}

function columns({ id, target, failedAt, event, attempts, cause }: DeadLetter): string[] {
  const what = event.subject === undefined ? event.type : `${event.type} ${event.subject}`
  return [id, target, failedAt, what, String(attempts.length), cause]
}

async function each(ids: readonly string[], deps: CliDeps, { act, done }: { act: (id: string) => Promise<boolean>; done: string }): Promise<number> {
  let code = 0
  for (const id of ids) {
    if (await act(id)) deps.stderr.write(`${id} ${done}\n`)
    else {
      deps.stderr.write(`limen: there is no dead letter ${id}; limen dead-letters list shows them\n`)
      code = 1
    }
  }
  return code
}
