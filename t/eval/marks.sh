#!/bin/bash
#
# Measures the marks: how often requests made from one template have one in
# common, how often honest requests do, what the ids of slots are worth, and
# what all that costs. DG_DATA names a folder with
# prompts/{benign,extraction}_*.jsonl.gz; without it texts are made up.

set -eu -o pipefail

cd "$(dirname "$0")/../.."

src=ngx_distill_guard_module/core
out=${BUILD:-build}/eval

mkdir -p "$out"

${CC:-gcc} -std=gnu99 -O2 -Wall -Wextra -Werror -I $src -I t/unit \
    -o "$out/marks" t/eval/marks/*.c \
    $src/dg_marks.c $src/dg_frame.c $src/dg_letters.c $src/dg_hash.c

[ -n "${DG_DATA:-}" ] || exec "$out/marks"

# a line "b user length" or "e - length" before each first message

perl -MJSON::PP -MIO::Uncompress::Gunzip=:all -e '
    for my $file (@ARGV) {
        my $in = IO::Uncompress::Gunzip->new($file)
            or die "$file: $GunzipError\n";
        my $kind = $file =~ m{/benign_[^/]*\z} ? "b" : "e";

        while (my $line = $in->getline) {
            my $row = decode_json($line);
            next if $row->{turn};

            my $text = $row->{prompt};
            utf8::encode($text);
            printf "%s %s %d\n%s\n", $kind, $row->{conv} // "-",
                length $text, $text;
        }
    }' "$DG_DATA"/prompts/{benign,extraction}_*.jsonl.gz \
    | "$out/marks" -
