/**
 * What an operator may do. A clerk looks after borrowers and proposes; an approver decides what another
 * proposed or what was referred; a treasurer decides about channels, payouts and money in suspense; an
 * auditor reads everything and changes nothing.
 */
export const OPERATOR_ROLES = ['clerk', 'approver', 'treasurer', 'auditor'] as const;
export type OperatorRole = (typeof OPERATOR_ROLES)[number];

export const isOperatorRole = (text: string): text is OperatorRole => OPERATOR_ROLES.some((role) => role === text);

/** An operator's name is a file's name too. */
export const isOperatorName = (text: string): boolean => /^[0-9a-z][0-9a-z-]{1,47}$/.test(text);
