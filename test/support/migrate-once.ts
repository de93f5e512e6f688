import { migrateToLatest } from '../../db/migrate';

/** A process of its own that migrates a database: twenty of them race in the migration tests. */
migrateToLatest(process.argv[2] ?? '').then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(String(error));
    process.exit(1);
  },
);
