import { LoanloomError } from '../errors';
import { minus, smaller, ZERO, plus, type Fen } from './money';

/** What a borrower can owe, in the order of the default product. */
export const COMPONENTS = ['penalty', 'fee', 'interest', 'principal'] as const;
export type Component = (typeof COMPONENTS)[number];
export type Components = Readonly<Record<Component, Fen>>;

export const NO_COMPONENTS: Components = { penalty: ZERO, fee: ZERO, interest: ZERO, principal: ZERO };

/** Which component takes money first, of what is due and of what is not yet due. */
export interface AllocationOrder {
  readonly due: readonly Component[];
  readonly inAdvance: readonly Component[];
}

export function sumOf(components: Components): Fen {
  return plus(components.penalty, components.fee, components.interest, components.principal);
}

export function add(a: Components, b: Components): Components {
  return {
    penalty: plus(a.penalty, b.penalty),
    fee: plus(a.fee, b.fee),
    interest: plus(a.interest, b.interest),
    principal: plus(a.principal, b.principal),
  };
}

export function subtract(a: Components, b: Components): Components {
  return {
    penalty: minus(a.penalty, b.penalty),
    fee: minus(a.fee, b.fee),
    interest: minus(a.interest, b.interest),
    principal: minus(a.principal, b.principal),
  };
}

/** Takes as much of `money` as the named components hold, in order; what is left comes back. */
export function take(open: Components, money: Fen, order: readonly Component[]): { readonly taken: Components; readonly left: Fen } {
  const taken = { ...NO_COMPONENTS } as Record<Component, Fen>;
  let left = money;
  for (const component of order) {
    if (left <= 0) break;
    if (open[component] <= 0) continue;
    taken[component] = smaller(left, open[component]);
    left = minus(left, taken[component]);
  }
  return { taken, left };
}

function assertNamed(amounts: Components, order: readonly Component[], path: string): void {
  for (const component of COMPONENTS) {
    if (amounts[component] > 0 && !order.includes(component))
      throw new LoanloomError('VALIDATION', `${component} has an amount, but the order does not name it`, { path: `${path}.${component}` });
  }
}

/**
 * Splits one payment: due components first, in `order.due`; then what is not yet due, in
 * `order.inAdvance`. The parts and `unallocated` sum to the payment. VALIDATION where a component has an
 * amount that the order does not name.
 */
export function allocate(due: Components, notYetDue: Components, payment: Fen, order: AllocationOrder) {
  assertNamed(due, order.due, 'due');
  assertNamed(notYetDue, order.inAdvance, 'notYetDue');
  const first = take(due, payment, order.due);
  const second = take(notYetDue, first.left, order.inAdvance);
  return { due: first.taken, notYetDue: second.taken, unallocated: second.left };
}
