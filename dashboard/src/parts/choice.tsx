import { useRef } from 'preact/hooks'
import { route, setQuery } from '../router.ts'
import { useKeys } from './keyboard.tsx'

/** A choice that lives in the address. */
export function Choice({ name, label, all, options }: { name: string; label: string; all: string; options: readonly (readonly [string, string?])[] }) {
  return (
    <select aria-label={label} value={route.value.query.get(name) ?? ''} onChange={(event) => setQuery({ [name]: event.currentTarget.value })}>
      <option value="">{all}</option>
      {options.map(([value, text = value]) => <option key={value} value={value}>{text}</option>)}
    </select>
  )
}

/** Words to look for, in the address; `/` leads here. */
export function Search({ label, placeholder }: { label: string; placeholder: string }) {
  const input = useRef<HTMLInputElement>(null)
  useKeys((key) => {
    if (key !== '/') return false
    input.current?.focus()
    return true
  })
  return <input ref={input} type="search" aria-label={label} placeholder={placeholder} value={route.value.query.get('q') ?? ''} onInput={(event) => setQuery({ q: event.currentTarget.value })} />
}
