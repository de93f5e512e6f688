import { z } from 'zod';
import type { Fen } from './money/money';
import type { BusinessDate, Instant } from './time/dates';

/** Fields of an event's data, as jsonb holds them. A fact that was recorded is believed: only its shape is checked. */
export const field = {
  fen: z.custom<Fen>((value) => Number.isSafeInteger(value), 'whole fen'),
  date: z.custom<BusinessDate>((value) => typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value), 'a business date'),
  instant: z.custom<Instant>((value) => typeof value === 'string' && !Number.isNaN(Date.parse(value)), 'an instant'),
  count: z.int().nonnegative(),
  flag: z.boolean(),
  text: z.string(),
} as const;

/** One kind of event: its data, and which of its fields the borrower may read. */
export interface EventKindDefinition<S extends z.ZodRawShape = z.ZodRawShape> {
  readonly schema: z.ZodObject<S>;
  readonly shown: readonly string[];
}

export const eventKind = <const S extends z.ZodRawShape>(shape: S, shown: readonly (keyof S & string)[] = []): EventKindDefinition<S> => ({
  schema: z.object(shape),
  shown,
});

export type EventKinds = Readonly<Record<string, EventKindDefinition>>;

/** The discriminated union of a table of kinds. */
export type EventOf<Kinds extends EventKinds> = {
  readonly [Kind in keyof Kinds & string]: {
    /** Unique within the loan or application. */
    readonly key: string;
    readonly kind: Kind;
    /** When it happened on the loan's clock. */
    readonly at: Instant;
    /** The date to which it belongs. */
    readonly businessDate: BusinessDate;
    readonly data: Readonly<z.output<Kinds[Kind]['schema']>>;
  };
}[keyof Kinds & string];

/** An event as a row has it. */
export interface RecordedEvent {
  readonly key: string;
  readonly kind: string;
  readonly at: Instant;
  readonly businessDate: BusinessDate;
  readonly data: unknown;
}

/**
 * A row as an event of its kind. One that this version does not know (a newer one recorded it) is an event of the
 * kind UNKNOWN. What its data lacks fails here, once, and not where it is read: zod's error names the field.
 */
export function decodeEvent<Kinds extends EventKinds & Readonly<Record<'UNKNOWN', EventKindDefinition>>>(
  kinds: Kinds,
  row: RecordedEvent,
): EventOf<Kinds> {
  const kind = Object.hasOwn(kinds, row.kind) ? row.kind : 'UNKNOWN';
  return { ...row, kind, data: kinds[kind]?.schema.parse(row.data) } as unknown as EventOf<Kinds>;
}

/** What of an event's data its borrower may read: the named fields and nothing else; undefined where the kind is not known, and the event is not shown. */
export function publicData(kinds: EventKinds, kind: string, data: object): Readonly<Record<string, string | number | boolean>> | undefined {
  const shown = kind !== 'UNKNOWN' && Object.hasOwn(kinds, kind) ? kinds[kind]?.shown : undefined;
  if (shown === undefined) return undefined;
  return Object.fromEntries(Object.entries(data as Record<string, string | number | boolean>).filter(([name]) => shown.includes(name)));
}
