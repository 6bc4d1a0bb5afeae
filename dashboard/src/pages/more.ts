/** What the first page needs nothing of: one script, which comes after it. Several would repeat each other and compress worse. */
// In this order they compress best.
export { AlarmChart } from '../alarms/alarm-chart.tsx'
export { SystemPage } from './system.tsx'
export { RulesPage } from '../rules/rules-page.tsx'
export { HistoryPage } from '../history/history-page.tsx'
export { KpiPage } from '../kpi/kpi-page.tsx'
export { DevicesPage } from './devices.tsx'
