import type { Role } from '../../../gateway/kernel/principal.ts'
import { connection, session } from '../data/state.ts'
import { isWall } from '../router.ts'

const ranks: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 }

/** Has whoever is logged in this role, or a higher one? What one may not do is not shown; on a wall nobody does anything. */
export function isAtLeast(role: Role): boolean {
  const own = session.value
  return own !== null && !isWall.value && ranks[own.role] >= ranks[role]
}

/** Nothing can be done while the gateway is away. */
export function isAway(): boolean {
  return connection.value.state !== 'live'
}
