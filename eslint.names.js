import ts from 'typescript'

/**
 * Names out of files, databases and the environment are data: one may be called `constructor` or `__proto__`, which every plain object
 * has. A table that is asked by such a name is a Map; where an object has to be asked, `Object.hasOwn` comes first.
 */
const isLiteral = (node) => node.type === 'Literal' || (node.type === 'TemplateLiteral' && node.expressions.length === 0)

/** `Object.hasOwn(table, name) ? table[name] : …` and `… && table[name]`. */
function isGuarded(node, sourceCode) {
  const [table, name] = [sourceCode.getText(node.object), sourceCode.getText(node.property)]
  for (let parent = node.parent; parent; parent = parent.parent) {
    const test = parent.type === 'ConditionalExpression' ? parent.test : parent.type === 'LogicalExpression' ? parent.left : undefined
    if (test && sourceCode.getText(test).includes(`Object.hasOwn(${table}, ${name})`)) return true
  }
  return false
}

export const namesAreData = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      index: 'An object is asked by a name that is data, and has members of its own such as "constructor": use a Map, or ask Object.hasOwn first.',
      in: '"in" finds what every object has, such as "constructor": use a Map or a Set, or Object.hasOwn.',
    },
  },
  create(context) {
    const { sourceCode } = context
    const services = sourceCode.parserServices
    const checker = services.program.getTypeChecker()
    const isTable = (node) => {
      const type = checker.getNonNullableType(services.getTypeAtLocation(node))
      return !checker.isArrayLikeType(type) && type.getStringIndexType() !== undefined
    }
    return {
      MemberExpression(node) {
        if (!node.computed || isLiteral(node.property) || !isTable(node.object)) return
        const isString = (type) => (type.flags & ts.TypeFlags.StringLike) !== 0 || (type.isUnion() && type.types.some(isString))
        if (isString(services.getTypeAtLocation(node.property)) && !isGuarded(node, sourceCode)) context.report({ node, messageId: 'index' })
      },
      'BinaryExpression[operator="in"]'(node) {
        if (!isLiteral(node.left) && node.left.type !== 'PrivateIdentifier') context.report({ node, messageId: 'in' })
      },
    }
  },
}
