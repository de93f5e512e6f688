import { createAwsKmsKeys, type AwsKmsSettings } from './aws-kms';
import { createFileKeys } from './file';
import { createOpenBaoKeys, type OpenBaoSettings } from './openbao';
import { KEY_PURPOSES, type KeyProvider } from './port';

export type KeySettings =
  | { readonly kind: 'file'; readonly file: string }
  | ({ readonly kind: 'openbao' } & OpenBaoSettings)
  | ({ readonly kind: 'aws-kms' } & AwsKmsSettings);

export function createKeyProvider(settings: KeySettings): KeyProvider {
  switch (settings.kind) {
    case 'file':
      return createFileKeys(settings.file);
    case 'openbao':
      return createOpenBaoKeys(settings);
    case 'aws-kms':
      return createAwsKmsKeys(settings);
  }
}

/** Makes the first version of each key that has none; returns how many. Repeating it changes nothing. */
export async function ensureFirstKeys(keys: KeyProvider): Promise<number> {
  let made = 0;
  for (const purpose of KEY_PURPOSES)
    if ((await keys.versions(purpose)).length === 0) {
      await keys.rotate(purpose);
      made += 1;
    }
  return made;
}
