/**
 * What an operator may do. A clerk looks after borrowers and proposes; an approver decides what another
 * proposed or what was referred; a treasurer decides about channels, payouts and money in suspense; an
 * auditor reads everything and changes nothing.
 */
export const OPERATOR_ROLES = ['clerk', 'approver', 'treasurer', 'auditor'] as const;
export type OperatorRole = (typeof OPERATOR_ROLES)[number];

export const isOperatorRole = (text: string): text is OperatorRole => OPERATOR_ROLES.some((role) => role === text);
