import { createHmac } from 'node:crypto'

/**
 * The key of a webhook secret: `whsec_` and base64 as Standard Webhooks writes it
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md), else the text's own UTF-8 bytes.
 */
export function signingKey(secret: string): Buffer {
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret, 'utf8')
}

/** `v1,<base64 HMAC-SHA256 of id.timestamp.body>`; `timestampS` in whole seconds since 1970. */
export function sign(key: Buffer, message: { readonly id: string; readonly timestampS: number; readonly body: string }): string {
  return `v1,${createHmac('sha256', key).update(`${message.id}.${message.timestampS}.${message.body}`).digest('base64')}`
}
