/** A text that does harm where it is read as anything but a value. */
export interface HostileText {
  /** What it would be, were it read so: `a condition that is always true`. */
  readonly title: string
  readonly text: string
  /** In a place that takes patterns by design, it means what it says. */
  readonly isPattern?: true
}

/** Longer than a name, a key or a literal may be in most systems; it has no repetition by which it could be found. */
const LONG = Array.from({ length: 1700 }, (_, at) => at.toString(36).padStart(6, "'")).join('')

const byMeaning: Readonly<Record<string, readonly string[]>> = {
  'a condition that is always true': [
    "' OR '1'='1",
    "' OR 1=1 -- ",
    "') OR ('1'='1",
    '" OR ""="',
    "\\' OR 1=1 -- ",
    "\\'' OR 1=1 #",
    "x' OR TRUE OR 'x'='",
    "' || '1'=='1",
    "'||true||'",
    "¿' OR 1=1 -- ",
    '1 OR 1=1',
  ],
  'the end of a statement, and another one': [
    "'; DROP TABLE person; -- ",
    '; DELETE FROM person',
    "'); SELECT pg_sleep(60); --",
    "x'; TRUNCATE person; SELECT '",
    '; COMMIT; ',
    "' INTO OUTFILE 'x",
  ],
  'a result that is joined to the other': [
    "' UNION SELECT * FROM person -- ",
    "' UNION ALL SELECT NULL, NULL --",
    "x' ALLOW FILTERING -- ",
    "' AND token(team) > 0 ALLOW FILTERING;",
  ],
  'a quote or comment that is left open': [
    "'",
    "''",
    '"',
    '`',
    '``',
    '\\',
    "\\'",
    '--',
    '#',
    '/*',
    '/*! OR 1=1 */',
    '$$',
    '$tag$',
    "E'\\x27",
    "U&'\\0027",
    ']]>',
    '[x]',
  ],
  'a parameter of another kind': [
    ':name',
    '?',
    '$1',
    '@name',
    '%s',
    '%(name)s',
    '{{name}}',
    '${name}',
    '#{name}',
    '<%= name %>',
    '${jndi:ldap://127.0.0.1:1/x}',
    '$(id)',
    '`id`',
    '| id',
    '{"$param":"value"}',
    '$param',
  ],
  'operators of a document store': [
    '{"$ne":null}',
    '{"$gt":""}',
    '{"$where":"sleep(10000) || true"}',
    '$where',
    '$field',
    '$name',
    '$_id',
    '$$ROOT',
    '$$NOW',
    '{"$regex":".*"}',
    "'; return true; var x='",
    '__proto__',
    'constructor',
  ],
  'a query of a search engine': [
    '{"match_all":{}}',
    '"}},{"match_all":{"boost":"1',
    'x","size":10000,"y":"',
    'name:* OR id:[* TO *]',
    '/.*/',
    '\\" OR \\"x',
    '_exists_:name',
    '<index-{now/d}>',
  ],
  'another type': ['null', 'NULL', 'true', 'NaN', '0x416461', '1e1', '-1', "X'416461'", '[]', '{}'],
  'another place': [
    '../../etc/passwd',
    '..\\..\\x',
    '..',
    '.',
    './',
    '/',
    '/etc/passwd',
    '~/.profile',
    'C:\\Windows\\win.ini',
    '\\\\127.0.0.1\\share',
    'file:///etc/passwd',
    'http://127.0.0.1:1/x',
    '//127.0.0.1:1/x',
    's3://elsewhere/x',
    'x/../../x',
  ],
  'an encoding that is taken off once too often': [
    '%2e%2e%2fx',
    '%252e%252e%252fx',
    '..%2f..%2fx',
    '%27%20OR%201=1',
    '%00',
    '%zz',
    '&#39;',
    '\\u0027',
    '\\0',
    '+',
  ],
  'other parts of an address': ['a&b=c#d?', 'x?y=z', 'x#y', 'x;y=z', 'a=b&a=c', '@127.0.0.1', 'x:1'],
  'another line or header': [
    'x\r\nX-Injected: 1',
    'x\r\n\r\n{"id":1}',
    'x\ny',
    '\t',
    'x\u0085y\u2028z',
    '\u001b[2Jx',
  ],
  'the end of a text': ['\0', 'x\0y', "x\0' OR 1=1 -- "],
  'half of a character': ['x\ud800y', "\udc00' OR 1=1 -- "],
  'quotes of other scripts': [
    '‘ OR ‘1’=‘1',
    '＇ OR ＇1＇=＇1',
    'ʼ OR ʼ1ʼ=ʼ1',
    '´ OR 1=1',
    '．．／x',
    '\u202eadA',
  ],
  'a formula': ['=1+1', '@SUM(1)', '=cmd|x!A1'],
  'more than there is room for': [LONG],
}

/**
 * What the kit puts into parameters: whatever a language of queries, an address, a file name or a protocol would read
 * as more than a text. Nobody stores any of them, except a test that wants to find them again.
 */
export const hostileTexts: readonly HostileText[] = [
  ...Object.entries(byMeaning).flatMap(([title, texts]) => texts.map((text) => ({ title, text }))),
  ...['*', '**', '**/*', '*.*', '*/', '?*', '%', '_%', '.*', '[a-z]*', '{a,b}*'].map((text) => ({
    title: 'a pattern that fits everything',
    text,
    isPattern: true as const,
  })),
]
