/** The parameters of Django's operations in their order, by class (django/db/migrations/operations, django/contrib/postgres/operations.py). */
export const PARAMETERS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    CreateModel: ['name', 'fields', 'options', 'bases', 'managers'],
    DeleteModel: ['name'],
    RenameModel: ['old_name', 'new_name'],
    AlterModelTable: ['name', 'table'],
    AlterModelTableComment: ['name', 'table_comment'],
    AlterUniqueTogether: ['name', 'unique_together'],
    AlterIndexTogether: ['name', 'index_together'],
    AlterOrderWithRespectTo: ['name', 'order_with_respect_to'],
    AlterModelOptions: ['name', 'options'],
    AlterModelManagers: ['name', 'managers'],
    AddField: ['model_name', 'name', 'field', 'preserve_default'],
    AlterField: ['model_name', 'name', 'field', 'preserve_default'],
    RemoveField: ['model_name', 'name', 'field'],
    RenameField: ['model_name', 'old_name', 'new_name'],
    AddIndex: ['model_name', 'index'],
    RemoveIndex: ['model_name', 'name'],
    RenameIndex: ['model_name', 'new_name', 'old_name', 'old_fields'],
    AddConstraint: ['model_name', 'constraint'],
    RemoveConstraint: ['model_name', 'name'],
    AlterConstraint: ['model_name', 'name', 'constraint'],
    RunPython: ['code', 'reverse_code', 'atomic', 'hints', 'elidable'],
    RunSQL: ['sql', 'reverse_sql', 'state_operations', 'hints', 'elidable'],
    SeparateDatabaseAndState: ['database_operations', 'state_operations'],
    AddIndexConcurrently: ['model_name', 'index'],
    RemoveIndexConcurrently: ['model_name', 'name'],
    AddConstraintNotValid: ['model_name', 'constraint'],
    ValidateConstraint: ['model_name', 'name'],
    CreateExtension: ['name', 'hints'],
    CreateCollation: ['name', 'locale', 'provider', 'deterministic'],
    RemoveCollation: ['name', 'locale', 'provider', 'deterministic'],
    BloomExtension: ['hints'],
    BtreeGinExtension: ['hints'],
    BtreeGistExtension: ['hints'],
    CITextExtension: ['hints'],
    CryptoExtension: ['hints'],
    HStoreExtension: ['hints'],
    TrigramExtension: ['hints'],
    UnaccentExtension: ['hints'],
  }),
)

/** Names of the PostgreSQL extensions that have a class of their own. */
export const EXTENSIONS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    BloomExtension: 'bloom',
    BtreeGinExtension: 'btree_gin',
    BtreeGistExtension: 'btree_gist',
    CITextExtension: 'citext',
    CryptoExtension: 'pgcrypto',
    HStoreExtension: 'hstore',
    TrigramExtension: 'pg_trgm',
    UnaccentExtension: 'unaccent',
  }),
)

/** Operations that only change Django's idea of the models: nothing happens in the database. */
export const STATE_ONLY: ReadonlySet<string> = new Set(['AlterModelOptions', 'AlterModelManagers', 'AlterConstraint'])

/** Operations whose `name` is a model's; with `model_name` the other one is a field, an index or a constraint. */
export const OF_MODEL: ReadonlySet<string> = new Set(
  [...PARAMETERS].flatMap(([type, parameters]) => (parameters[0] === 'name' && !/Extension|Collation/.test(type) ? [type] : [])),
)
