/** What the process ends with; errors win over changes. */
export const EXIT = { done: 0, error: 1, changes: 2, invalid: 3 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
