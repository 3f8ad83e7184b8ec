import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type BrokenShop, brokenShop, codesOf, migrationFile } from '../support/broken-shop.js'
import { engines } from '../support/databases.js'
import { djangos } from '../support/django.js'

/** Django renders every model before the first step of `migrate` and after the last: a reference that stays open is its end. */
describe.runIf(Object.keys(djangos).length > 0 && engines.includes('sqlite'))('references to a model that no applied migration makes', () => {
  let it_: BrokenShop
  beforeEach(async () => {
    it_ = await brokenShop()
  })
  afterEach(() => it_.end())

  const key = (to: string) => `models.ForeignKey(to=${to}, on_delete=models.CASCADE, null=True)`
  const pending = (operations: string, more = '') =>
    it_.shop.write({ 'reports/migrations/0002_x.py': migrationFile('("reports", "0001_initial"), ("shop", "0004_order")', operations, more) })
  const warned = async () => (await it_.run('plan', '--json')).json.warnings.filter(({ code }: { code: string }) => code === 'state-breaks')

  it('a pending migration leads to it: named with the field, in doctor and plan, and Django dies of it', async () => {
    const { shop, doctor } = it_
    pending(`migrations.AddField("report", "colour", ${key('"shop.Colour"')})`)
    const failed = await shop.manage('migrate')
    expect([failed.exitCode, failed.output.match(/ValueError: (Related|The field).*|.*lazy reference.*/)?.[0]]).toEqual([1, expect.stringContaining('shop.')])
    const found = await doctor()
    expect(codesOf(found)).toEqual(['state-breaks reports 0002_x'])
    expect(found[0]?.message).toContain('its field reports.Report.colour leads to shop.colour, which no migration of shop that counts as applied makes')
    expect(await warned()).toEqual([{ code: 'state-breaks', message: expect.stringContaining('Django would die at reports.0002_x') }])
    expect(codesOf(await doctor('--explain', failed.output.slice(failed.output.indexOf('Traceback'))))).toEqual(['state-breaks reports 0002_x'])
  })

  it('a recorded one does, and nothing is to run: Django dies all the same, and plan does not say "nothing to do" alone', async () => {
    const { shop, doctor, run } = it_
    // As where the file that made the model was edited after it had run.
    shop.write({
      'shop/migrations/0001_initial.py': migrationFile('', 'migrations.CreateModel("Goods", [("id", models.AutoField(primary_key=True))])'),
      'shop/migrations/0002_product_slug.py': migrationFile('("shop", "0001_initial")', ''),
    })
    const failed = await shop.manage('migrate')
    expect([failed.exitCode, failed.output]).toEqual([1, expect.stringContaining("declared with a lazy reference to 'shop.product'")])
    expect((await doctor('--only', 'state-breaks')).map(({ app, message }) => [app, message.includes('dies before its first step')])).toEqual([
      ['billing', true],
    ])
    expect(await warned()).toEqual([{ code: 'state-breaks', message: expect.stringContaining('Django would die before its first step') }])
    const explained = await run('doctor', '--explain', failed.output, '--json')
    expect(codesOf(explained.json.result.findings)).toEqual(['state-breaks billing 0001_initial'])
  })

  it('a squash that left the graph: what of it is not recorded is the finding, and this its symptom', async () => {
    const { shop, doctor, forget } = it_
    const squash = `    replaces = [("shop", "0001_initial"), ("shop", "0002_product_slug"), ("shop", "0003_fill_slugs")]\n`
    const changed = (file: string) => readFileSync(join(shop.folder, file), 'utf8').replace('0003_fill_slugs', '0001_squashed')
    shop.write({
      'shop/migrations/0001_squashed.py': migrationFile(
        '',
        'migrations.CreateModel("Product", [("id", models.AutoField(primary_key=True)), ("name", models.CharField(max_length=100)), ("slug", models.CharField(max_length=100, null=True))])',
        squash,
      ),
      'shop/migrations/0004_order.py': changed('shop/migrations/0004_order.py'),
      'billing/migrations/0001_initial.py': changed('billing/migrations/0001_initial.py'),
    })
    for (const name of ['0001_initial', '0002_product_slug', '0003_fill_slugs']) rmSync(join(shop.folder, `shop/migrations/${name}.py`))
    await forget('shop.0002_product_slug')
    const failed = await shop.manage('migrate')
    expect(failed.output).toContain("declared with a lazy reference to 'shop.product'")
    expect(codesOf(await doctor())).toEqual(['squash-partial shop 0001_squashed'])
    expect(codesOf(await doctor('--explain', failed.output))).toEqual(['squash-partial shop 0001_squashed'])
    expect(await warned()).toHaveLength(1)
  })

  it.each([
    ['of an app without migrations', `migrations.AddField("report", "thing", ${key('"plain.Thing"')})`],
    [
      'that is made in the same migration',
      'migrations.CreateModel("Other", [("id", models.AutoField(primary_key=True))]), migrations.CreateModel("Line", [("id", models.AutoField(primary_key=True)), ("other", models.ForeignKey(to="reports.other", on_delete=models.CASCADE))])',
    ],
    ['that is the user model', `migrations.AddField("report", "owner", ${key('settings.AUTH_USER_MODEL')})`],
    ['that is itself', `migrations.AddField("report", "above", ${key('"self"')})`],
    ['in capitals', `migrations.AddField("report", "product", ${key('"shop.PRODUCT"')})`],
  ])('silent for one %s, and Django goes on', async (_what, operations) => {
    const { shop, doctor } = it_
    shop.write({
      'plain/__init__.py': '',
      'plain/models.py': 'from django.db import models\n\n\nclass Thing(models.Model):\n    id = models.AutoField(primary_key=True)\n',
      'project/settings.py': `${readFileSync(join(shop.folder, 'project/settings.py'), 'utf8')}\nINSTALLED_APPS = [*INSTALLED_APPS, "plain"]\n`,
    })
    pending(operations)
    const file = 'reports/migrations/0002_x.py'
    shop.write({ [file]: readFileSync(join(shop.folder, file), 'utf8').replace('from django.db', 'from django.conf import settings\nfrom django.db') })
    expect(codesOf(await doctor('--only', 'state-breaks'))).toEqual([])
    expect(await warned()).toEqual([])
    const migrated = await shop.manage('migrate', '--run-syncdb')
    expect(migrated.exitCode, migrated.output).toBe(0)
    expect(codesOf(await doctor('--only', 'state-breaks'))).toEqual([])
  })

  it('silent where an operation of its own may make the model', async () => {
    const { shop, doctor } = it_
    shop.write({
      'shop/migrations/0005_own.py': `from django.db import migrations, models
from elsewhere import Own


class Migration(migrations.Migration):
    dependencies = [("shop", "0004_order")]
    operations = [Own()]
`,
    })
    pending(`migrations.AddField("report", "colour", ${key('"shop.Colour"')})`)
    expect(codesOf(await doctor('--only', 'state-breaks'))).toEqual([])
  })
})
