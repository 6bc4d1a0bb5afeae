/** How urgent an operator's answer is (ISA-18.2); colour, shape and word on the dashboard. */
export type Priority = 'high' | 'medium' | 'low'
export const priorities = ['high', 'medium', 'low'] as const
