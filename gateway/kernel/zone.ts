/** A point on the earth, degrees: north and east are positive. */
export interface Position { readonly lat: number; readonly lon: number }

/** An area that devices enter and leave. */
export type Zone =
  | { readonly form: 'circle'; readonly centre: Position; readonly radiusM: number }
  /** At least three corners, in their order; sides are straight in degrees and do not cross. */
  | { readonly form: 'polygon'; readonly corners: readonly Position[] }

/** By name. Undefined: there is one, but it cannot be used, which was said where it is. */
export type Zones = ReadonlyMap<string, Zone | undefined>
