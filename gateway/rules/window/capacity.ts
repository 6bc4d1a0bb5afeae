/** The most samples one window keeps, per condition. With more the oldest go, and the window is unknown while they would belong to it. */
export const maxSamples = 1_000_000
