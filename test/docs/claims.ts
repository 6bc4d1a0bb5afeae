/**
 * How each command of the pages is tested. A command that no claim fits fails the test: nothing is documented untested.
 * Add a claim for a new tool; for a new command of a tool that is here, usually nothing.
 */
import type { Look } from './looks.ts'
import { docker, dockerCompose, machine, npmPackage, npmScript, systemdUnit } from './looks.ts'

export type Claim =
  /** Run to its end, which must be good. `needs`: a program the first tier cannot count on. */
  | { readonly how: 'run'; readonly matches: RegExp; readonly needs?: 'influx' }
  /** Run until it has said this, then ended. */
  | { readonly how: 'until'; readonly matches: RegExp; readonly says: RegExp }
  /** Cannot be run inside a test, for this reason; what can be known of it without is checked. */
  | { readonly how: 'look'; readonly matches: RegExp; readonly why: string; readonly look: Look }

const limen = String.raw`^(?:(?:sudo (?:-u limen )?)?limen|npm run limen --)`

export const claims: readonly Claim[] = [
  { how: 'until', matches: new RegExp(String.raw`${limen} start(?: --(?:config|data) \S+)*$`), says: /^limen ready mqtt=\S+ http=\S+$/m },
  { how: 'until', matches: /^npm start(?: -- --config \S+)?$/, says: /^limen ready mqtt=\S+ http=\S+$/m },
  { how: 'until', matches: new RegExp(String.raw`${limen} simulate (?!.*--(?:for|csv) )`), says: /acknowledged/ },
  { how: 'run', matches: new RegExp(String.raw`${limen} simulate .*--(?:for|csv) `) },
  { how: 'run', matches: new RegExp(String.raw`${limen} (?:--help|--version|check|init|device|user|export|dead-letters|flows|rules|backtest)\b`) },
  { how: 'run', matches: /^node --version$/ },
  { how: 'until', matches: /^curl (?=(?:.* )?-N\b)/, says: /^(?:id|event|data):/m },
  { how: 'run', matches: /^curl / },
  { how: 'run', matches: /^mosquitto_pub / },
  { how: 'until', matches: /^mosquitto_sub (?!.*-C )/, says: /\S/ },
  { how: 'run', matches: /^mosquitto_sub .*-C \d/ },
  { how: 'run', matches: /^influx -/, needs: 'influx' },
  { how: 'run', matches: /^sh docker\/secrets\.sh$|^cp \.env\.example \.env$/ },
  { how: 'look', matches: /^npm (?:ci|i|test|run)\b/, why: 'it would run the tests, or minutes of measuring, inside themselves', look: npmScript },
  { how: 'look', matches: /^npm pack$|^sudo npm (?:install --global --ignore-scripts|uninstall --global) \S+$/, why: 'test/system/package.test.ts packs and installs; here it would change the machine', look: npmPackage },
  { how: 'look', matches: /^sudo systemctl |^journalctl -u /, why: 'it changes the machine, and needs a systemd that runs', look: systemdUnit },
  { how: 'look', matches: /^sudo (?:useradd|cp|rm|tar|ufw) /, why: 'it changes the machine, and needs root', look: machine },
  { how: 'look', matches: /^docker compose /, why: 'containers cannot run on every machine that runs the tests', look: dockerCompose },
  { how: 'look', matches: /^docker (?:build|buildx build|run) /, why: 'as above', look: docker },
]

export const claimOf = (command: string): Claim | undefined => claims.find(({ matches }) => matches.test(command))
