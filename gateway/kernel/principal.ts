export type Role = 'viewer' | 'operator' | 'admin'

/** Who is at the other end of a connection or request. */
export type Principal =
  /** Loopback under `auth.loopback: trusted`. */
  | { readonly kind: 'trusted'; readonly name: string; readonly role: 'admin' }
  | { readonly kind: 'user'; readonly name: string; readonly role: Role }
  /** A device's credential: may publish `devices/<device>/#` and subscribe `devices/<device>/+/set`. */
  | { readonly kind: 'device'; readonly name: string; readonly device: string }

/** A secret of one run of the gateway and who has it: made by the wiring, kept in memory alone, in no file of credentials. */
export interface RunCredential {
  readonly principal: Principal
  /** At least 256 random bits. */
  readonly token: string
}
