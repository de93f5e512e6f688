import { randomUUID } from 'node:crypto';
import { LoanloomError } from '../../domain/errors';
import { ENDED_APPLICATIONS } from '../../domain/states';
import { isUniqueViolation, type Db, type Tx } from '../pool';
import { dropIndex, findCard, isIndexed, writeIndex } from './blind-indexes';
import { liveVersions } from './key-versions';
import type { PersonVault, Vault } from './vault';

/** Who the borrower is. In clear only inside the process that needs it; never logged, never in a workflow. */
export interface Identity {
  readonly name: string;
  readonly idNumber: string;
  readonly phone: string;
  readonly email: string;
}

interface BorrowerRow {
  readonly id: string;
  readonly wrapped_key: Buffer;
  readonly erased_at: Date | null;
  readonly name_enc: Buffer | null;
  readonly id_number_enc: Buffer | null;
  readonly phone_enc: Buffer | null;
  readonly email_enc: Buffer | null;
}

export type IdentityField = keyof Identity;
export const IDENTITY_FIELDS = ['name', 'idNumber', 'phone', 'email'] as const satisfies readonly IdentityField[];

const COLUMNS = { name: 'name_enc', idNumber: 'id_number_enc', phone: 'phone_enc', email: 'email_enc' } as const;

/** Locks a person, before anything of theirs: what concerns them comes one after the other. */
export async function lockPerson(tx: Tx, id: string): Promise<void> {
  await tx('borrowers').where({ id }).forUpdate().first('id');
}

/** Aggregate: borrower and cards. */
export class Borrowers {
  constructor(private readonly vault: Vault) {}

  /** Creates the borrower on first sight; the same id again changes nothing. */
  async ensure(tx: Tx, id: string): Promise<void> {
    if (await tx('borrowers').where({ id }).first<object | undefined>('id')) return;
    const [version] = await liveVersions(tx, 'key-encryption');
    await tx('borrowers')
      .insert({ id, wrapped_key: await this.vault.createPersonKey(id, version) })
      .onConflict('id')
      .ignore();
  }

  async personVault(tx: Db | Tx, id: string): Promise<PersonVault> {
    return await this.vault.person(id, (await this.row(tx, id)).wrapped_key);
  }

  /**
   * Keeps who the borrower says they are, as a new version where it differs. Nobody is told whether an ID number
   * is known to us: it becomes the borrower's own when it has been checked (claimIdentity). IDENTITY_LOCKED while
   * an application that was submitted, or a loan, rests on the identity that was checked.
   */
  async saveIdentity(tx: Tx, id: string, identity: Identity): Promise<void> {
    await lockPerson(tx, id);
    const current = await this.knownIdentity(tx, id);
    const isSame = current !== undefined && IDENTITY_FIELDS.every((field) => current[field] === identity[field]);
    if (isSame) return;
    if (await this.isRelied(tx, id))
      throw new LoanloomError(
        'IDENTITY_LOCKED',
        'an application or a loan of yours rests on the identity that was checked: it cannot be changed here',
      );
    await this.writeIdentity(tx, id, identity);
  }

  /**
   * Writes an identity that was confirmed and checked again in place of the one that something rests on: what was
   * submitted or lent follows to the new version. False where the ID number is another borrower's; nothing is changed then.
   */
  async replaceIdentity(tx: Tx, id: string, identity: Identity): Promise<boolean> {
    const before = await this.identityVersion(tx, id);
    const isClaimed = await isIndexed(tx, 'index-id-number', id);
    try {
      await tx.transaction(async (inner) => {
        await this.writeIdentity(inner, id, identity);
        if (isClaimed) await this.indexOwn(inner, 'index-id-number', id, identity.idNumber);
      });
    } catch (error) {
      if (isUniqueViolation(error)) return false;
      throw error;
    }
    await tx('applications')
      .where({ borrower_id: id, identity_version: before })
      .update({ identity_version: before + 1 });
    return true;
  }

  private async writeIdentity(tx: Tx, id: string, identity: Identity): Promise<void> {
    const person = await this.personVault(tx, id);
    const before = await this.knownIdentity(tx, id);
    const sealed = (column: string, value: string) => person.encrypt({ table: 'borrowers', column, row: id }, value);
    await tx('borrowers')
      .where({ id })
      .update({
        name_enc: sealed('name_enc', identity.name),
        id_number_enc: sealed('id_number_enc', identity.idNumber),
        phone_enc: sealed('phone_enc', identity.phone),
        email_enc: sealed('email_enc', identity.email),
        identity_version: tx.raw('identity_version + 1'),
      });
    // A number that was confirmed stays its owner's while nothing but the rest changes.
    if (before?.idNumber !== identity.idNumber) await dropIndex(tx, 'index-id-number', id);
    await this.indexOwn(tx, 'index-phone', id, identity.phone);
  }

  /** Whether something that was submitted, or lent, rests on the borrower's identity as it is. */
  private async isRelied(tx: Tx, id: string): Promise<boolean> {
    if (await this.hasApplicationUnderWay(tx, id)) return true;
    // A loan that is closed may be opened again, by a payment that comes back.
    const loan = await tx('loans').where({ borrower_id: id }).whereNot({ status: 'REJECTED' }).first<object | undefined>('id');
    return loan !== undefined;
  }

  /** Whether an application of the borrower's is past its draft and not at its end. */
  async hasApplicationUnderWay(tx: Tx, id: string): Promise<boolean> {
    const application = await tx('applications')
      .where({ borrower_id: id })
      .whereNotIn('status', ['DRAFT', 'DECLINED', 'WITHDRAWN', 'EXPIRED', 'DISBURSED'])
      .first<object | undefined>('id');
    return application !== undefined;
  }

  async identityVersion(tx: Db | Tx, id: string): Promise<number> {
    const row = await tx('borrowers').where({ id }).first<{ identity_version: number } | undefined>('identity_version');
    return row?.identity_version ?? 0;
  }

  /** One person, one borrower: takes the ID number that was checked for this borrower. False where another has it; nothing else is changed. */
  async claimIdentity(tx: Tx, id: string): Promise<boolean> {
    const { idNumber } = await this.identity(tx, id);
    try {
      await tx.transaction((inner) => this.indexOwn(inner, 'index-id-number', id, idNumber));
      return true;
    } catch (error) {
      if (isUniqueViolation(error)) return false;
      throw error;
    }
  }

  private indexOwn(tx: Tx, purpose: 'index-id-number' | 'index-phone', id: string, value: string): Promise<void> {
    return writeIndex(tx, this.vault, { purpose, owner: id, borrowerId: id }, value);
  }

  /** Undefined before the identity step was saved. */
  private async knownIdentity(tx: Tx, id: string): Promise<Identity | undefined> {
    return this.identity(tx, id).catch((error: unknown) => {
      if (error instanceof LoanloomError && error.code === 'STEP_INCOMPLETE') return undefined;
      throw error;
    });
  }

  /** STEP_INCOMPLETE before the identity step was saved. */
  async identity(tx: Db | Tx, id: string): Promise<Identity> {
    const row = await this.row(tx, id);
    const person = await this.vault.person(id, row.wrapped_key);
    const value = (field: keyof Identity): string => {
      const blob = row[COLUMNS[field]];
      if (!blob) throw new LoanloomError('STEP_INCOMPLETE', 'the identity step is not complete', { path: field });
      return person.decrypt({ table: 'borrowers', column: COLUMNS[field], row: id }, blob);
    };
    return { name: value('name'), idNumber: value('idNumber'), phone: value('phone'), email: value('email') };
  }

  /** Registers a card once; the same card of the same borrower keeps its id. */
  async saveCard(db: Db | Tx, borrowerId: string, cardNumber: string): Promise<string> {
    try {
      return await db.transaction(async (tx) => {
        // Nothing is written of a person who is being forgotten.
        await lockPerson(tx, borrowerId);
        const known = await findCard(tx, this.vault, borrowerId, cardNumber);
        if (known !== undefined) return known;
        const id = randomUUID();
        const person = await this.personVault(tx, borrowerId);
        const card_enc = person.encrypt({ table: 'bank_cards', column: 'card_enc', row: id }, cardNumber);
        await tx('bank_cards').insert({ id, borrower_id: borrowerId, card_enc });
        await writeIndex(tx, this.vault, { purpose: 'index-card', owner: id, borrowerId }, cardNumber);
        return id;
      });
    } catch (error) {
      // A twin of this call was first: what it wrote is there now.
      if (isUniqueViolation(error)) return this.saveCard(db, borrowerId, cardNumber);
      throw error;
    }
  }

  /**
   * The card that the borrower's money moves over: of the newest loan, else of the newest application. One that was only
   * named for a change, and not confirmed, is not it. STEP_INCOMPLETE where there is none.
   */
  async cardInUse(db: Db | Tx, borrowerId: string): Promise<string> {
    const row = await db('bank_cards as c')
      .leftJoin('loans as l', 'l.bank_card_id', 'c.id')
      .leftJoin('applications as a', 'a.bank_card_id', 'c.id')
      .where('c.borrower_id', borrowerId)
      .orderByRaw('l.opened_on DESC NULLS LAST, a.created_at DESC NULLS LAST, c.created_at DESC')
      .first<{ id: string } | undefined>('c.id');
    if (!row) throw new LoanloomError('STEP_INCOMPLETE', 'no bank card is known yet', { path: 'card' });
    return this.cardNumber(db, borrowerId, row.id);
  }

  /** Every card that something rests on: of loans that were not refused, and of applications under way. STEP_INCOMPLETE where there is none. */
  async cardsInUse(db: Db | Tx, borrowerId: string): Promise<{ readonly id: string; readonly number: string }[]> {
    const loans = db('loans').where({ borrower_id: borrowerId }).whereNot({ status: 'REJECTED' }).select('bank_card_id');
    const applications = db('applications')
      .where({ borrower_id: borrowerId })
      .whereNotIn('status', ENDED_APPLICATIONS)
      .select('bank_card_id');
    const ids = await db('bank_cards')
      .where({ borrower_id: borrowerId })
      .where((either) => {
        void either.whereIn('id', loans).orWhereIn('id', applications);
      })
      .orderBy('created_at')
      .pluck<string[]>('id');
    if (ids.length === 0) {
      const number = await this.cardInUse(db, borrowerId);
      return [{ id: 'in-use', number }];
    }
    return Promise.all(ids.map(async (id) => ({ id, number: await this.cardNumber(db, borrowerId, id) })));
  }

  async cardNumber(tx: Db | Tx, borrowerId: string, cardId: string): Promise<string> {
    return (await this.payee(tx, borrowerId, cardId)).account;
  }

  /** Whom a payment names: the card's number and its holder (null before the identity step). In clear, for as long as the caller holds it. */
  async payee(tx: Db | Tx, borrowerId: string, cardId: string): Promise<{ account: string; name: string | null }> {
    const row = await tx('bank_cards as c')
      .join('borrowers as b', 'b.id', 'c.borrower_id')
      .where({ 'c.id': cardId, 'c.borrower_id': borrowerId })
      .first<{ card_enc: Buffer; wrapped_key: Buffer; name_enc: Buffer | null } | undefined>('c.card_enc', 'b.wrapped_key', 'b.name_enc');
    if (!row) throw new LoanloomError('NOT_FOUND', 'there is no such bank card');
    const person = await this.vault.person(borrowerId, row.wrapped_key);
    return {
      account: person.decrypt({ table: 'bank_cards', column: 'card_enc', row: cardId }, row.card_enc),
      name: row.name_enc && person.decrypt({ table: 'borrowers', column: 'name_enc', row: borrowerId }, row.name_enc),
    };
  }

  private async row(tx: Db | Tx, id: string): Promise<BorrowerRow> {
    const row = await tx('borrowers').where({ id }).first<BorrowerRow | undefined>();
    if (!row) throw new LoanloomError('NOT_FOUND', 'there is no such borrower');
    if (row.erased_at !== null) throw new LoanloomError('PERSON_ERASED', 'this person’s data were erased');
    return row;
  }
}
