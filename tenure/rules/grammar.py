"""How rules are written. Words may be in any case; names, texts and numbers are as they stand. A word
of the language is no currency, though it has three capitals.

mrr >= 500 and (plan in (pro, team) or any invoice (state = past_due and balance > 1000))
and not tag = "vip"
"""

GRAMMAR = r"""
start: disjunction?

?disjunction: conjunction (_OR conjunction)*      -> either
?conjunction: unary (_AND unary)*                 -> both
?unary: _NOT unary                                -> negated
      | _LPAR disjunction _RPAR                   -> enclosed
      | condition
      | quantified
      | aggregate

condition: name test                              -> now
         | name test _FOR whole _DAYS             -> lasting
         | name _WAS then whole _DAYS _AGO        -> ago

quantified: QUANTIFIER NAME (_LPAR disjunction _RPAR)?
aggregate: COUNT NAME where? test                 -> counted
         | FUNCTION name where? test              -> summed
where: _LPAR disjunction _RPAR

name: NAME (_LSQB CURRENCY _RSQB)?

?test: COMPARE literal                            -> compare
     | _COLON literal                             -> equals
     | values_test
     | _IS UNKNOWN                                -> word_test
     | _IS KNOWN                                  -> word_test
     | _IS EMPTY                                  -> word_test
     | _IS NOT EMPTY                              -> word_test
     | IN NEXT whole _DAYS                        -> days_test
     | IN LAST whole _DAYS                        -> days_test
     | MORE THAN whole _DAYS AGO                  -> days_test
     | LESS THAN whole _DAYS AGO                  -> days_test
     | MORE THAN whole _DAYS _FROM _NOW           -> ahead_test
     | FELL _BY step                              -> step_test
     | ROSE _BY step                              -> step_test
     | CHANGED IN whole _DAYS                     -> days_test

?then: COMPARE literal                            -> compare
     | literal                                    -> equals
     | values_test
     | _UNKNOWN_THEN                              -> unknown_then

?values_test: IN _LPAR _list _RPAR                -> values
     | _NOT IN _LPAR _list _RPAR                  -> values_not
     | HAS ALL _LPAR _list _RPAR                  -> values
     | CONTAINS literal                           -> text_test
     | _NOT CONTAINS literal                      -> text_not
     | STARTS WITH literal                        -> text_test

_list: literal (_COMMA literal)*
step: amount IN whole _DAYS
    | amount PERCENT IN whole _DAYS
whole: NUMBER
amount: NUMBER

?literal: STRING                                  -> text
     | NAME                                       -> word
     | DATE                                       -> day
     | TODAY                                      -> today
     | TRUE                                       -> yes
     | FALSE                                      -> no
     | NUMBER                                     -> number
     | NUMBER PERCENT                             -> share
     | NUMBER CURRENCY                            -> money

_OR.3: /or(?!\w)/i
_AND.3: /and(?!\w)/i
_NOT.3: /not(?!\w)/i
NOT.3: /not(?!\w)/i
QUANTIFIER.3: /(any|no|every)(?!\w)/i
COUNT.3: /count(?!\w)/i
FUNCTION.3: /(sum|min|max)(?!\w)/i
IN.3: /in(?!\w)/i
_IS.3: /is(?!\w)/i
_FOR.3: /for(?!\w)/i
_WAS.3: /was(?!\w)/i
HAS.3: /has(?!\w)/i
ALL.3: /all(?!\w)/i
CONTAINS.3: /contains?(?!\w)/i
STARTS.3: /starts(?!\w)/i
WITH.3: /with(?!\w)/i
UNKNOWN.3: /unknown(?!\w)/i
_UNKNOWN_THEN.3: /unknown(?!\w)/i
KNOWN.3: /known(?!\w)/i
EMPTY.3: /empty(?!\w)/i
NEXT.3: /next(?!\w)/i
LAST.3: /last(?!\w)/i
MORE.3: /more(?!\w)/i
LESS.3: /less(?!\w)/i
THAN.3: /than(?!\w)/i
AGO.3: /ago(?!\w)/i
_AGO.3: /ago(?!\w)/i
_FROM.3: /from(?!\w)/i
_NOW.3: /now(?!\w)/i
FELL.3: /fell(?!\w)/i
ROSE.3: /rose(?!\w)/i
CHANGED.3: /changed(?!\w)/i
_BY.3: /by(?!\w)/i
_DAYS.3: /days?(?!\w)/i
TODAY.3: /today(?!\w)/i
TRUE.3: /(true|yes)(?!\w)/i
FALSE.3: /(false|no)(?!\w)/i

CURRENCY.4: /(?!(AND|FOR|DAY|AGO)(?!\w))[A-Z]{3}(?!\w)/
DATE.4: /\d{4}-\d{2}-\d{2}(?!\w)/
NUMBER.2: /-?\d+(\.\d+)?/
NAME.1: /[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)?/
STRING: /"(\\.|[^"\\])*"/
COMPARE: /!=|<=|>=|=|<|>/
PERCENT: "%"
_COLON: ":"
_COMMA: ","
_LPAR: "("
_RPAR: ")"
_LSQB: "["
_RSQB: "]"

%ignore /\s+/
"""
