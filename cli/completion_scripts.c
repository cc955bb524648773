/* SPDX-License-Identifier: MIT */
/*
 * The completion scripts of the shells. Each asks `rocpart completion words -- WORD...` with the
 * words up to the cursor, unquoted; the last one is at the cursor. An answer is a line: a word, and
 * behind a tab its description; a tab and "files" asks for file names too. No script lets its shell
 * evaluate a word, neither one that was typed nor one of an answer.
 */
#include "cli/words.h"

/*
 * Bash gives no unquoted words, and splits them at "=" and ":" too: _rocpart_split() splits the
 * line as the shell would, without expanding anything. What the line has of the word before $2,
 * which readline replaces, is cut from each answer; the rest is quoted as the word at the cursor
 * is. Bash 3.2 reads it too (no compopt, no BASH_ALIASES).
 */
static const char bash_script[] =
	"# bash completion for rocpart\n"
	"_rocpart_split() {\n"
	"\tlocal text=$1 c word= i started=\n"
	"\t_rocpart_words=() _rocpart_quote= _rocpart_start=${#text}\n"
	"\tfor ((i = 0; i < ${#text}; i++)); do\n"
	"\t\tc=${text:i:1}\n"
	"\t\tif [[ -z $_rocpart_quote && $c == [[:space:]] ]]; then\n"
	"\t\t\t[[ -n $started ]] && _rocpart_words+=(\"$word\")\n"
	"\t\t\tword= started=\n"
	"\t\t\tcontinue\n"
	"\t\tfi\n"
	"\t\t[[ -z $started ]] && started=1 _rocpart_start=$i\n"
	"\t\tif [[ $c == \"$_rocpart_quote\" ]]; then\n"
	"\t\t\t_rocpart_quote=\n"
	"\t\telif [[ -z $_rocpart_quote && $c == [\\'\\\"] ]]; then\n"
	"\t\t\t_rocpart_quote=$c\n"
	"\t\telif [[ $c == \\\\ && ( -z $_rocpart_quote ||\n"
	"\t\t\t( $_rocpart_quote == '\"' && ${text:i+1:1} == [\\$\\`\\\"\\\\] ) ) ]]; then\n"
	"\t\t\tword+=${text:i+1:1} i=$((i + 1))\n"
	"\t\telse\n"
	"\t\t\tword+=$c\n"
	"\t\tfi\n"
	"\tdone\n"
	"\t[[ -z $started ]] && _rocpart_start=${#text}\n"
	"\t_rocpart_words+=(\"$word\")\n"
	"}\n"
	"# An alias stands for its words from the one that names rocpart on.\n"
	"_rocpart_program() {\n"
	"\tlocal rest=(\"${_rocpart_words[@]:1}\") i\n"
	"\t_rocpart_program=${_rocpart_words[0]}\n"
	"\tif [[ ${BASH_VERSINFO[0]} -ge 4 && $_rocpart_program != *[!a-zA-Z0-9_.-]* &&\n"
	"\t\t-n ${BASH_ALIASES[$_rocpart_program]-} ]]; then\n"
	"\t\t_rocpart_split \"${BASH_ALIASES[$_rocpart_program]}\"\n"
	"\t\tfor ((i = 0; i < ${#_rocpart_words[@]}; i++)); do\n"
	"\t\t\t[[ ${_rocpart_words[i]##*/} == rocpart* ]] || continue\n"
	"\t\t\t_rocpart_program=${_rocpart_words[i]}\n"
	"\t\t\trest=(\"${_rocpart_words[@]:i+1}\" \"${rest[@]}\")\n"
	"\t\t\tbreak\n"
	"\t\tdone\n"
	"\tfi\n"
	"\t[[ ${_rocpart_program##*/} == rocpart* ]] || _rocpart_program=rocpart\n"
	"\t[[ $_rocpart_program == '~/'* ]] && _rocpart_program=$HOME/${_rocpart_program:2}\n"
	"\t_rocpart_words=(\"${rest[@]}\")\n"
	"}\n"
	"_rocpart_add() {\n"
	"\tlocal w=${1#\"$cut\"}\n"
	"\t[[ -n $1 && $1 == \"$cut\"* ]] || return 0\n"
	"\tcase $_rocpart_quote in\n"
	"\t\\') w=${w//\\'/\\'\\\\\\'\\'} ;;\n"
	"\t\\\") w=${w//\\\\/\\\\\\\\} w=${w//\\\"/\\\\\\\"} w=${w//\\$/\\\\\\$} "
	"w=${w//\\`/\\\\\\`} ;;\n"
	"\t*) [[ $w == *[!a-zA-Z0-9_@%+=:,./-]* ]] && printf -v w %q \"$w\" ;;\n"
	"\tesac\n"
	"\tCOMPREPLY+=(\"$w\")\n"
	"}\n"
	"_rocpart() {\n"
	"\tlocal line=${COMP_LINE:0:COMP_POINT} raw cut w files option= answer\n"
	"\tlocal _rocpart_words _rocpart_quote _rocpart_start _rocpart_program\n"
	"\tCOMPREPLY=()\n"
	"\t_rocpart_split \"$line\"\n"
	"\traw=${line:_rocpart_start}\n"
	"\t_rocpart_program\n"
	"\tanswer=$(command \"$_rocpart_program\" completion words -- \"${_rocpart_words[@]}\" "
	"2>/dev/null)\n"
	"\tw=${_rocpart_words[${#_rocpart_words[@]}-1]}\n"
	"\t[[ $w == --*=* ]] && option=${w%%=*}=\n"
	"\tfiles=${w#\"$option\"}\n"
	"\t_rocpart_split \"${raw%\"$2\"}\"\n"
	"\tcut=${_rocpart_words[0]}\n"
	"\twhile IFS= read -r w; do\n"
	"\t\t_rocpart_add \"${w%%$'\\t'*}\"\n"
	"\tdone <<<\"$answer\"\n"
	"\t[[ $'\\n'$answer == *$'\\n\\tfiles'* ]] || return 0\n"
	"\tif ((${#COMPREPLY[@]} == 0)); then\n"
	"\t\tcompopt -o default 2>/dev/null\n"
	"\t\treturn 0\n"
	"\tfi\n"
	"\twhile IFS= read -r w; do\n"
	"\t\t[[ -n $w && -d $w ]] && w+=/ && compopt -o nospace 2>/dev/null\n"
	"\t\t_rocpart_add \"${w:+$option$w}\"\n"
	"\tdone <<<\"$(compgen -f -- \"$files\" 2>/dev/null)\"\n"
	"\treturn 0\n"
	"}\n"
	"complete -F _rocpart rocpart\n";

/* Zsh quotes what is added; (Q) takes quotes away and expands nothing. */
static const char zsh_script[] =
	"#compdef rocpart\n"
	"_rocpart() {\n"
	"\tlocal program=${(Q)words[1]} line word text files=\n"
	"\tlocal -a args answer found alias\n"
	"\targs=(\"${(@Q)words[2,CURRENT-1]}\")\n"
	"\tif [[ -n ${aliases[$program]-} ]]; then\n"
	"\t\talias=(\"${(@Qz)aliases[$program]}\")\n"
	"\t\tif (( ${alias[(I)(*/|)rocpart*]} )); then\n"
	"\t\t\talias=(\"${(@)alias[(i)(*/|)rocpart*,-1]}\")\n"
	"\t\t\tprogram=$alias[1] args=(\"${(@)alias[2,-1]}\" \"${(@)args}\")\n"
	"\t\tfi\n"
	"\tfi\n"
	"\t[[ ${program:t} == rocpart* ]] || program=rocpart\n"
	"\tprogram=${program/#\\~\\//$HOME/}\n"
	"\tword=$QIPREFIX$IPREFIX$PREFIX\n"
	"\t# a quote that is still open is closed first\n"
	"\tcase $compstate[quote] in\n"
	"\t\\'|\\\") word+=$compstate[quote] ;;\n"
	"\tesac\n"
	"\tanswer=(\"${(@f)$(command $program completion words -- \"${(@)args}\" "
	"\"${(Q)word}\" 2>/dev/null)}\")\n"
	"\tfor line in \"${(@)answer}\"; do\n"
	"\t\tif [[ $line == $'\\tfiles' ]]; then\n"
	"\t\t\tfiles=1\n"
	"\t\telif [[ -n $line ]]; then\n"
	"\t\t\tword=${line%%$'\\t'*} text=${${(M)line%$'\\t'*}#$'\\t'}\n"
	"\t\t\tword=${word//\\\\/\\\\\\\\}\n"
	"\t\t\tfound+=(\"${word//:/\\\\:}${text:+:$text}\")\n"
	"\t\tfi\n"
	"\tdone\n"
	"\t(( $#found )) && _describe -V rocpart found\n"
	"\tif [[ -n $files ]]; then\n"
	"\t\tcompset -P '--[a-z-]##='\n"
	"\t\t_files\n"
	"\tfi\n"
	"}\n"
	"if [[ $funcstack[1] == _rocpart ]]; then\n"
	"\t_rocpart \"$@\"\n"
	"elif (( $+functions[compdef] )); then\n"
	"\tcompdef _rocpart rocpart\n"
	"else\n"
	"\tprint -u2 'rocpart: the completion of zsh is not loaded: autoload -Uz compinit && "
	"compinit'\n"
	"\treturn 1\n"
	"fi\n";

/* `commandline -o` gives the words before the cursor without quotes; the one at the cursor may have
 * an open one. Nothing is expanded.
 */
static const char fish_script[] =
	"# fish completion for rocpart\n"
	"function __rocpart_complete\n"
	"\tset -l words (commandline -opc)\n"
	"\tset -l token (commandline -ct)\n"
	"\tfor close in '' \\' \\\"\n"
	"\t\tif set -l plain (string unescape -- \"$token$close\")\n"
	"\t\t\tset token $plain\n"
	"\t\t\tbreak\n"
	"\t\tend\n"
	"\tend\n"
	"\tset -l program (string replace -r '^~/' \"$HOME/\" -- $words[1])\n"
	"\tstring match -qr '(^|/)rocpart[^/]*$' -- $program; or set program rocpart\n"
	"\tset -l answer (command $program completion words -- $words[2..-1] \"$token\" "
	"2>/dev/null)\n"
	"\tfor line in $answer\n"
	"\t\tif test \"$line\" != \\tfiles\n"
	"\t\t\tprintf '%s\\n' $line\n"
	"\t\t\tcontinue\n"
	"\t\tend\n"
	"\t\tset -l option (string match -r -- '^--[a-z-]+=' \"$token\")\n"
	"\t\tset -l path (string replace -r -- '^--[a-z-]+=' '' \"$token\")\n"
	"\t\tfor file in (__fish_complete_path \"$path\")\n"
	"\t\t\tprintf '%s%s\\n' \"$option\" $file\n"
	"\t\tend\n"
	"\tend\n"
	"end\n"
	"complete -c rocpart -f -k -a '(__rocpart_complete)'\n";

const char *cli_completion_script(const char *shell)
{
	static const struct {
		const char *shell, *script;
	} scripts[] = {{"bash", bash_script}, {"zsh", zsh_script}, {"fish", fish_script}};

	for (size_t i = 0; i < RP_ARRAY_LEN(scripts); i++)
		if (rp_str_eq(scripts[i].shell, shell))
			return scripts[i].script;
	return NULL;
}
