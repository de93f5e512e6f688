import type { Shape } from '../domain/keys';

/** What several statements say alike, said once. Every value in it is our own constant; none comes from outside. */

/** That a column holds one of these states: `a.state IN ('SENDING', 'UNKNOWN')`. */
export const isOneOf = (column: string, states: readonly string[]): string =>
  `${column} IN (${states.map((state) => `'${state}'`).join(', ')})`;

/** A key as its shape writes it, from columns in the order of the shape's places: `'payment:' || a.number || ':sent'`. */
export function keySql(shape: Shape, ...columns: readonly string[]): string {
  const texts = shape.pattern.split(/\{[a-z]+\}/);
  return texts
    .flatMap((text, index) => [...(text === '' ? [] : [`'${text}'`]), ...(columns[index] === undefined ? [] : [columns[index]])])
    .join(' || ');
}

/** A journal line's amount (fen), positive on the given side. */
export const signed = (positive: 'DEBIT' | 'CREDIT', line = 'l'): string =>
  `CASE ${line}.side WHEN '${positive}' THEN ${line}.amount_fen ELSE -${line}.amount_fen END`;

/** A channel's line (fen): positive where money came in to us. */
export const signedLine = 'CASE WHEN comes_in THEN amount_fen ELSE -amount_fen END';
