import { randomUUID } from 'node:crypto';
import { LoanloomError } from '../domain/errors';
import { isUniqueViolation, type Db, type Tx } from './pool';
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
  readonly name_enc: Buffer | null;
  readonly id_number_enc: Buffer | null;
  readonly phone_enc: Buffer | null;
  readonly email_enc: Buffer | null;
}

const COLUMNS = { name: 'name_enc', idNumber: 'id_number_enc', phone: 'phone_enc', email: 'email_enc' } as const;

/** Aggregate: borrower and cards. */
export class Borrowers {
  constructor(private readonly vault: Vault) {}

  /** Creates the borrower on first sight; the same id again changes nothing. */
  async ensure(tx: Db | Tx, id: string): Promise<void> {
    await tx('borrowers')
      .insert({ id, wrapped_key: this.vault.createPersonKey(id) })
      .onConflict('id')
      .ignore();
  }

  async personVault(tx: Db | Tx, id: string): Promise<PersonVault> {
    return this.vault.person(id, (await this.row(tx, id)).wrapped_key);
  }

  /** IDENTITY_IN_USE when another borrower has this ID number: one person, one borrower. */
  async saveIdentity(tx: Db | Tx, id: string, identity: Identity): Promise<void> {
    const person = await this.personVault(tx, id);
    const sealed = (column: string, value: string) => person.encrypt({ table: 'borrowers', column, row: id }, value);
    try {
      await tx('borrowers')
        .where({ id })
        .update({
          name_enc: sealed('name_enc', identity.name),
          id_number_enc: sealed('id_number_enc', identity.idNumber),
          id_number_index: this.vault.blindIndex('id_number', identity.idNumber),
          phone_enc: sealed('phone_enc', identity.phone),
          phone_index: this.vault.blindIndex('phone', identity.phone),
          email_enc: sealed('email_enc', identity.email),
        });
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      throw new LoanloomError('IDENTITY_IN_USE', 'this identity belongs to another borrower account: sign in with that one');
    }
  }

  /** STEP_INCOMPLETE before the identity step was saved. */
  async identity(tx: Db | Tx, id: string): Promise<Identity> {
    const row = await this.row(tx, id);
    const person = this.vault.person(id, row.wrapped_key);
    const value = (field: keyof Identity): string => {
      const blob = row[COLUMNS[field]];
      if (!blob) throw new LoanloomError('STEP_INCOMPLETE', 'the identity step is not complete', { path: field });
      return person.decrypt({ table: 'borrowers', column: COLUMNS[field], row: id }, blob);
    };
    return { name: value('name'), idNumber: value('idNumber'), phone: value('phone'), email: value('email') };
  }

  /** Registers a card once; the same card of the same borrower keeps its id. */
  async saveCard(tx: Db | Tx, id: string, cardNumber: string): Promise<string> {
    const index = this.vault.blindIndex('card', cardNumber);
    const known = await tx('bank_cards').where({ borrower_id: id, card_index: index }).first<{ id: string } | undefined>('id');
    if (known) return known.id;
    const cardId = randomUUID();
    const person = await this.personVault(tx, id);
    await tx('bank_cards').insert({
      id: cardId,
      borrower_id: id,
      card_enc: person.encrypt({ table: 'bank_cards', column: 'card_enc', row: cardId }, cardNumber),
      card_index: index,
    });
    return cardId;
  }

  async cardNumber(tx: Db | Tx, borrowerId: string, cardId: string): Promise<string> {
    const row = await tx('bank_cards').where({ id: cardId, borrower_id: borrowerId }).first<{ card_enc: Buffer } | undefined>('card_enc');
    if (!row) throw new LoanloomError('NOT_FOUND', 'there is no such bank card');
    return (await this.personVault(tx, borrowerId)).decrypt({ table: 'bank_cards', column: 'card_enc', row: cardId }, row.card_enc);
  }

  private async row(tx: Db | Tx, id: string): Promise<BorrowerRow> {
    const row = await tx('borrowers').where({ id }).first<BorrowerRow | undefined>();
    if (!row) throw new LoanloomError('NOT_FOUND', 'there is no such borrower');
    return row;
  }
}
