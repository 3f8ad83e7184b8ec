import type { WrittenCall } from '../../project/written/types.js'

const FIELD = ['verbose_name', 'name', 'primary_key', 'max_length', 'unique', 'blank', 'null', 'db_index', 'rel', 'default', 'editable', 'serialize']
const MORE = ['unique_for_date', 'unique_for_month', 'unique_for_year', 'choices', 'help_text', 'db_column', 'db_tablespace', 'auto_created', 'validators']
const RELATED = ['to', 'on_delete', 'related_name', 'related_query_name', 'limit_choices_to', 'parent_link', 'to_field', 'db_constraint']

/** Positional parameters by class, where they are not those of `Field` (django/db/models/fields, django/contrib/postgres/fields). */
const PARAMETERS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    ForeignKey: RELATED,
    OneToOneField: ['to', 'on_delete', 'to_field'],
    ForeignObject: ['to', 'on_delete', 'from_fields', 'to_fields'],
    ManyToManyField: [
      ...['to', 'related_name', 'related_query_name', 'limit_choices_to', 'symmetrical', 'through', 'through_fields', 'db_constraint'],
      ...['db_table', 'swappable'],
    ],
    DecimalField: ['verbose_name', 'name', 'max_digits', 'decimal_places'],
    DateField: ['verbose_name', 'name', 'auto_now', 'auto_now_add'],
    DateTimeField: ['verbose_name', 'name', 'auto_now', 'auto_now_add'],
    TimeField: ['verbose_name', 'name', 'auto_now', 'auto_now_add'],
    FileField: ['verbose_name', 'name', 'upload_to', 'storage'],
    ImageField: ['verbose_name', 'name', 'width_field', 'height_field'],
    FilePathField: ['verbose_name', 'name', 'path', 'match', 'recursive', 'allow_files', 'allow_folders'],
    JSONField: ['verbose_name', 'name', 'encoder', 'decoder'],
    UUIDField: ['verbose_name'],
    URLField: ['verbose_name', 'name'],
    GenericIPAddressField: ['verbose_name', 'name', 'protocol', 'unpack_ipv4'],
    ArrayField: ['base_field', 'size'],
    CompositePrimaryKey: [],
    GeneratedField: [],
  }),
)

export function parametersOf(kind: string | null): readonly string[] {
  return kind === null ? [] : (PARAMETERS.get(kind) ?? [...FIELD, ...MORE])
}

/** Classes of packages that are relations of Django under another name, or managers without a column. */
const OF_PACKAGES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'mptt.fields.TreeForeignKey': 'ForeignKey',
    'mptt.fields.TreeOneToOneField': 'OneToOneField',
    'mptt.fields.TreeManyToManyField': 'ManyToManyField',
    'modelcluster.fields.ParentalKey': 'ForeignKey',
    'modelcluster.fields.ParentalManyToManyField': 'ManyToManyField',
    'parler.fields.TranslationsForeignKey': 'ForeignKey',
    'sortedm2m.fields.SortedManyToManyField': 'ManyToManyField',
    'taggit.managers.TaggableManager': 'TaggableManager',
    'modelcluster.contrib.taggit.ClusterTaggableManager': 'TaggableManager',
  }),
)

/** Django's class of a field, which is its own or the first above it; null where it was not read. */
export function classOf({ callee, bases }: WrittenCall): string | null {
  for (const name of [callee, ...bases]) {
    const known = OF_PACKAGES.get(name)
    if (known !== undefined) return known
    const last = name.slice(name.lastIndexOf('.') + 1)
    if (name.startsWith('django.') && /(Field|Key|ForeignObject|Relation)$/.test(last) && last !== 'RelatedField') return last
  }
  return null
}

/** It is Django's own and not one that extends it. */
export function isDjangos({ callee }: WrittenCall): boolean {
  return callee.startsWith('django.')
}
