# What zsh offers for a line: ask.zsh COMPLETION OUT LINE. A shell of its own completes it on a terminal of its own; every word goes to OUT.
zmodload zsh/zpty
export SCRIPT=$1 OUT=$2
: > $OUT
cat > $OUT.init <<'INIT'
PROMPT=
autoload -Uz compinit; compinit -u -D
source $SCRIPT
compadd() {
  local -a hits
  if [[ " ${@[1,(i)(-|--)]}" != *" "-(O|A|D)* ]]; then
    builtin compadd -A hits "$@"
    (( $#hits )) && print -rl -- $hits >> $OUT
  fi
  builtin compadd "$@"
}
finish() { print -r -- '--end--' >> $OUT }
comppostfuncs=(finish)
bindkey '^I' complete-word
print -r -- '--ready--' >> $OUT
INIT
zpty shell zsh -f -i
zpty -w shell "source $OUT.init"
repeat 400; do grep -q -- --ready-- $OUT && break; sleep 0.05; done
zpty -w -n shell "$3"$'\t'
repeat 400; do grep -q -- --end-- $OUT && break; sleep 0.05; done
zpty -d shell
