# shellcheck shell=sh disable=SC2015,SC2016
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# git: what a day with it does, hooks and a daemon included. The dates are fixed, so that commits have the same names.
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=c GIT_COMMITTER_EMAIL=c@example.org
export GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000'
git config --global init.defaultBranch main
git config --global advice.detachedHead false
git config --global gc.auto 0
git config --global pack.threads 2
git config --global protocol.file.allow always
git init one && cd one || exit
printf '#!/bin/sh\necho "the hook saw $(git diff --cached --name-only | wc -l)"\n' >.git/hooks/pre-commit
chmod +x .git/hooks/pre-commit
mkdir -p a/b && for n in 1 2 3 4 5 6; do seq $((n * 40)) >a/b/$n; done
ln -s a/b/1 link && cp /bin/true binary
git add . && git commit -m first
git checkout -b side && sed -i 's/^7$/seven/' a/b/2 && git mv a/b/3 a/three && git commit -am side
git checkout main && sed -i 's/^9$/nine/' a/b/2 && git rm -q a/b/6 && git commit -am main
git merge -m merged side
git checkout -b conflict HEAD~1 && sed -i 's/^7$/SEVEN/' a/b/2 && git commit -qam conflict
git rebase main
sed -i '/^[<=>]\{7\}/d' a/b/2 && git add a/b/2 && GIT_EDITOR=true git rebase --continue
git tag -a -m tagged v1 && git log --oneline --graph --stat --all
echo loose >new && git stash -u && git stash pop && git status --short
git worktree add ../tree main && (cd ../tree && git log -1 --format=%H)
git clone -q --no-local . ../two && git clone -q . ../three && git -C ../two fsck --full
git repack -q -a -d -f && git gc -q --prune=now && git count-objects -v | grep -v size
git bundle create -q ../bundle main && git bundle verify -q ../bundle && git archive main | sha256sum
touch .git/git-daemon-export-ok
git daemon --listen=127.0.0.1 --port=9418 --base-path="$T" --reuseaddr --pid-file="$S/daemon" --detach
for _ in 1 2 3 4 5 6 7 8 9 10; do git ls-remote git://127.0.0.1/one HEAD 2>/dev/null && break || sleep 0.5; done
git clone -q --depth 1 git://127.0.0.1/one ../four && git -C ../four log --oneline
kill "$(cat "$S/daemon")"
git fsck --full --strict 2>&1 && cat .git/logs/HEAD
