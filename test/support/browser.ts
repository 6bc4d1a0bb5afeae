import { existsSync } from 'node:fs'
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core'
import { onTestFinished } from 'vitest'

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/snap/bin/chromium']

const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']

/** The Chromium of this machine; fails with what to install where there is none. */
export async function startBrowser(options: { readonly args?: readonly string[] } = {}): Promise<Browser> {
  const executablePath = process.env['CHROMIUM'] ?? places.find((place) => existsSync(place))
  if (executablePath === undefined) throw new Error('Chromium is not on this machine; install it: apt-get install chromium (or name it in the variable CHROMIUM)')
  return chromium.launch({ executablePath, headless: true, args: [...flags, ...(options.args ?? [])] })
}

export interface WatchedPage {
  readonly page: Page
  readonly context: BrowserContext
  /** Errors of the console and of the page, and answers of 400 and more, since it was opened. */
  readonly faults: string[]
}

/** A page of its own context that remembers what went wrong in it; closed when the test has ended. */
export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1_440, height: 900 }, ...options })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  const faults = watchFaults(page)
  await page.goto(url)
  return { page, context, faults }
}

/** What a gateway that is away causes is not a fault of the page: take those out with `faultsBut`. */
export function watchFaults(page: Page): string[] {
  const faults: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(`${message.type()}: ${message.text()} (${message.location().url})`)
  })
  page.on('pageerror', (error) => faults.push(`uncaught: ${error.message}`))
  page.on('response', (response) => {
    if (response.status() >= 400) faults.push(`${response.status()} ${response.request().method()} ${response.url()}`)
  })
  return faults
}

/** Without what the browser itself says of a server that is not there. */
export function withoutOutage(faults: readonly string[]): readonly string[] {
  return faults.filter((fault) => !/ERR_CONNECTION_(?:REFUSED|RESET|CLOSED)|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE_CHUNKED|WebSocket connection to/.test(fault))
}
