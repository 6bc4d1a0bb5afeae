/** What the first page needs nothing of: one script, which comes after it. Several would repeat each other and compress worse. */
export { SignalChart } from '../charts/signal-chart.tsx'
export { DevicesPage } from './devices.tsx'
export { SystemPage } from './system.tsx'
