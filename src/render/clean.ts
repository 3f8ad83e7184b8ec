/** Text of files, rows and servers for a terminal: control characters and escapes are shown, never obeyed. Newlines stay. */
export function clean(text: string): string {
  return text.replace(
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}

/** The same for one line. */
export function cleanLine(text: string): string {
  return clean(text).replaceAll('\n', '\\n')
}
