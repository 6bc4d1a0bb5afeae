import { describe, expect, it, onTestFinished } from 'vitest'
import { createLink } from '../../flows/nodes/lib/link.ts'
import { startBareBroker } from '../support/bare-broker.ts'
import { eventually } from '../support/eventually.ts'

describe('the connection of the nodes', () => {
  it('comes back where it was refused for a while, and has what waited sent', async () => {
    const broker = await startBareBroker()
    onTestFinished(() => broker.stop())
    broker.refuse(2)
    const link = createLink({ url: broker.url, user: '', password: '' }, { onProblem: () => {} })
    onTestFinished(() => link.stop())
    link.onState(() => {})
    await link.publish('limen/in/x', '1')
    expect(link.state).toEqual({ connected: true })
    await eventually('the message', () => broker.published.some(({ topic, payload }) => topic === 'limen/in/x' && payload === '1'))
  })
})
