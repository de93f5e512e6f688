import { z } from 'zod';
import { businessNow } from '../../db/clock';
import { disclosureOf } from '../../domain/product/disclosure';
import { capOn, quote } from '../../domain/product/offer';
import { disclosureSchema, disclosureView } from './disclosure';
import { route } from '../route';
import { apr, aprSchema, fenOf, money, moneySchema, textSchema, scheduleRow, scheduleRowSchema } from '../wire';

const productSchema = z
  .object({
    id: z.string(),
    version: z.int(),
    name: z.object({ en: z.string(), 'zh-CN': z.string() }),
    annualRate: z.string(),
    method: z.string(),
    amount: z.object({ min: moneySchema, max: moneySchema }),
    term: z.object({ min: z.int(), max: z.int() }),
    reflectionHours: z.int(),
    aprCap: z.string(),
    lender: textSchema,
    complaints: textSchema,
    partners: z.array(z.object({ id: z.string(), name: textSchema, role: z.enum(['marketing', 'guarantee']) })),
  })
  .meta({ id: 'Product' });

const listProducts = route({
  method: 'get',
  path: '/v1/products',
  summary: 'What is on offer',
  tag: 'Products',
  role: 'anyone',
  responses: { 200: { description: 'Products', schema: z.object({ products: z.array(productSchema) }) } },
  handle: async (deps) => {
    const { today } = await businessNow(deps.db);
    const ids = [...new Set(deps.catalogue.all().map((product) => product.id))];
    const products = ids.map((id) => deps.catalogue.current(id, today));
    return {
      status: 200,
      body: {
        products: products.map((each) => ({
          id: each.id,
          version: each.version,
          name: each.name,
          annualRate: each.annualRate,
          method: each.method,
          amount: { min: money(each.amount.min), max: money(each.amount.max) },
          term: each.term,
          reflectionHours: each.reflection.hours,
          aprCap: capOn(each, today).annualRate,
          lender: each.lender.name,
          complaints: each.lender.complaints,
          partners: each.partners,
        })),
      },
    };
  },
});

const makeQuote = route({
  method: 'post',
  path: '/v1/quotes',
  summary: 'What a loan would cost; nothing is stored and nobody has to say who they are',
  tag: 'Products',
  role: 'anyone',
  body: z.strictObject({ productId: z.string().max(40), principal: moneySchema, termMonths: z.int().min(1).max(600) }),
  responses: {
    200: {
      description: 'The quote',
      schema: z.object({
        productId: z.string(),
        productVersion: z.int(),
        annualRate: z.string(),
        apr: aprSchema,
        firstInstallment: moneySchema,
        totalInterest: moneySchema,
        totalPayment: moneySchema,
        effectiveRate: z.string(),
        schedule: z.array(scheduleRowSchema),
        disclosure: disclosureSchema,
      }),
    },
  },
  handle: async (deps, { body }) => {
    const { today } = await businessNow(deps.db);
    const product = deps.catalogue.current(body.productId, today);
    const terms = quote({ principal: fenOf(body.principal), termMonths: body.termMonths }, product, today);
    return {
      status: 200,
      body: {
        productId: product.id,
        productVersion: product.version,
        annualRate: terms.annualRate,
        apr: apr(terms.apr),
        firstInstallment: money(terms.firstInstallment),
        totalInterest: money(terms.totalInterest),
        totalPayment: money(terms.totalPayment),
        effectiveRate: terms.effectiveRate,
        schedule: terms.schedule.map(scheduleRow(product)),
        disclosure: disclosureView(disclosureOf(product, terms, today)),
      },
    };
  },
});

export const productRoutes = [listProducts, makeQuote];
