import { z } from 'zod';
import type { AccountInstallment } from '../domain/loan/account';
import { sumOf, type Components } from '../domain/money/allocation';
import { businessDate, type BusinessDate } from '../domain/time/dates';
import { isProvisionalDue } from '../domain/product/offer';
import type { Product } from '../domain/product/products';
import { fen, type Fen } from '../domain/money/money';
import type { Installment } from '../domain/loan/schedule';

/** Amounts on the wire: minor units as a string of digits, and the currency beside it. */
export const moneySchema = z
  .strictObject({
    minor: z.string().regex(/^(0|[1-9]\d{0,14})$/, 'a whole number of fen as a string of digits'),
    currency: z.literal('CNY'),
  })
  .meta({ id: 'Money' });
export type Money = z.output<typeof moneySchema>;

export const money = (amount: Fen): Money => ({ minor: String(amount), currency: 'CNY' });
export const fenOf = (value: Money): Fen => fen(Number(value.minor));

/** Accepts only real calendar dates. */
export const dateSchema = z.iso.date().refine((text) => {
  try {
    businessDate(text);
    return true;
  } catch {
    return false;
  }
}, 'a calendar date, YYYY-MM-DD');

export const idSchema = z.string().regex(/^[0-9a-z][0-9a-z-]{1,47}$/, 'an id of lower-case letters, digits and hyphens');

export const scheduleRowSchema = z
  .object({
    number: z.int(),
    dueOn: z.string(),
    /** The date may still move to the next or last working day, when the working days of its year are published. */
    isProvisional: z.boolean(),
    principal: moneySchema,
    interest: moneySchema,
    fee: moneySchema,
    payment: moneySchema,
    balance: moneySchema,
  })
  .meta({ id: 'ScheduleRow' });

export const scheduleRow =
  (product: Product) =>
  (row: Installment): z.output<typeof scheduleRowSchema> => ({
    number: row.number,
    dueOn: row.dueOn,
    isProvisional: isProvisionalDue(product, row.dueOn),
    principal: money(row.principal),
    interest: money(row.interest),
    fee: money(row.fee),
    payment: money(row.payment),
    balance: money(row.balance),
  });

export const componentsSchema = z
  .object({ principal: moneySchema, interest: moneySchema, fee: moneySchema, penalty: moneySchema, total: moneySchema })
  .meta({ id: 'Components' });

export function componentsOf(components: Components): z.output<typeof componentsSchema> {
  return {
    principal: money(components.principal),
    interest: money(components.interest),
    fee: money(components.fee),
    penalty: money(components.penalty),
    total: money(sumOf(components)),
  };
}

export const accountRowSchema = z
  .object({
    number: z.int(),
    dueOn: z.string(),
    due: componentsSchema,
    paid: componentsSchema,
    outstanding: componentsSchema,
    daysPastDue: z.int(),
  })
  .meta({ id: 'AccountRow' });

export function accountRow(row: AccountInstallment): z.output<typeof accountRowSchema> {
  return {
    number: row.number,
    dueOn: row.dueOn,
    due: componentsOf(row.due),
    paid: componentsOf(row.paid),
    outstanding: componentsOf(row.outstanding),
    daysPastDue: row.daysPastDue,
  };
}

/** APR as a decimal string, and what it means: the annualised internal rate of return of all payments. */
export const aprSchema = z.object({ rate: z.string(), basis: z.literal('nominal IRR of all payments, per year') }).meta({ id: 'Apr' });
export const apr = (rate: string): z.output<typeof aprSchema> => ({ rate, basis: 'nominal IRR of all payments, per year' });

export const asDate = (text: string): BusinessDate => businessDate(text);

/** A text in both languages. */
export const textSchema = z.object({ en: z.string(), 'zh-CN': z.string() });
