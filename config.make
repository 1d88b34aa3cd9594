# The page's files become arrays in a header, made anew when one of them
# changes; nginx's own configure reads this once it has written its makefile.

dg_page=$ngx_addon_dir/ngx_distill_guard_module/page
dg_deps=`echo $dg_page/*.*`

cat << END                                                    >> $NGX_MAKEFILE

$NGX_OBJS/ngx_distill_guard_page.h:	$dg_deps
	sh $dg_page/embed.sh $dg_page > \$@.new
	mv \$@.new \$@

END
