import type { Scenario } from '../device.ts'
import { coldchain } from './coldchain.ts'
import { home } from './home.ts'
import { load } from './load.ts'
import { ward } from './ward.ts'

/** Every scenario by name: a new one is one file and one line. */
export const scenarios: Readonly<Record<string, Scenario>> = { ward, home, coldchain, load }
