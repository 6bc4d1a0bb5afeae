import { existsSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readPages, root } from './markdown.ts'

const pages = await readPages()

/** As GitHub makes them of headings. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = text.replace(/^```[^]*?^```/gm, '').matchAll(/^#{1,6} (.*)$/gm)
  return new Set([...headings].map(([, heading]) => heading!.trim().toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-')))
}

const links = pages.flatMap(({ file, text }) =>
  [...text.replace(/^```[^]*?^```/gm, '').matchAll(/\]\((?!https?:)([^)\s#]*)(?:#([^)\s]*))?\)/g)].map(([, path, anchor]) => ({ file, target: path === '' ? file : relative(root, join(root, dirname(file), path!)), anchor })))

describe('links of the pages', () => {
  it('lead somewhere', () => {
    expect(links.length).toBeGreaterThan(20)
    expect(links.filter(({ target }) => !existsSync(join(root, target))).map(({ file, target }) => `${file}: there is no ${target}`)).toEqual([])
  })

  it('name headings that are there', () => {
    const anchors = new Map(pages.map(({ file, text }) => [file, anchorsOf(text)]))
    expect(links.filter(({ target, anchor }) => anchor !== undefined && anchors.get(target)?.has(anchor) === false).map(({ file, target, anchor }) => `${file}: ${target} has no heading #${anchor}`)).toEqual([])
  })

  it('show pictures of at most 200 KiB each, with words for those who do not see them', () => {
    const pictures = pages.flatMap(({ file, text }) => [...text.matchAll(/!\[([^\]]*)\]\(([^)]+)\)/g)].map(([, words, path]) => ({ words: words!, path: join(root, dirname(file), path!) })))
    expect(pictures.length).toBeGreaterThan(5)
    expect(pictures.filter(({ words, path }) => words.length < 10 || statSync(path).size > 200 * 1024)).toEqual([])
  })
})
