/** Python's own names, of every version: what is none of them and was never set is not there. */
const BUILT_IN =
  /^(?:__\w+__|_?[A-Z]\w*(?:Error|Exception|Warning|Exit|Interrupt|Iteration)|(?:Base)?ExceptionGroup|Exception|Warning|Ellipsis|NotImplemented|abs|a?iter|all|a?next|any|ascii|bin|bool|breakpoint|bytearray|bytes|callable|chr|classmethod|compile|complex|copyright|credits|delattr|dict|dir|divmod|enumerate|eval|exec|exit|filter|float|format|frozenset|getattr|globals|hasattr|hash|help|hex|id|input|int|isinstance|issubclass|len|license|list|locals|map|max|memoryview|min|object|oct|open|ord|pow|print|property|quit|range|repr|reversed|round|set|setattr|slice|sorted|staticmethod|str|sum|super|tuple|type|vars|zip)$/

/** Nothing is claimed of longer names. */
const LONGEST_BUILT_IN = 200

/** … and those of Python 2. */
const OF_PYTHON2 = /^(?:StandardError|apply|basestring|buffer|cmp|coerce|execfile|file|intern|long|raw_input|reduce|reload|unichr|unicode|xrange)$/

/** Whether it may be a name of Python itself. */
export function isOwnName(name: string, python: readonly [number, number] | null): boolean {
  return name.length > LONGEST_BUILT_IN || BUILT_IN.test(name) || (python?.[0] !== 3 && OF_PYTHON2.test(name))
}
