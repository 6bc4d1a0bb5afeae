/** The file of one of our threads: beside this one, TypeScript in a checkout, JavaScript in an installed package. */
export function workerUrl(name: 'commit-worker' | 'read-worker'): URL {
  return new URL(`./${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
}
